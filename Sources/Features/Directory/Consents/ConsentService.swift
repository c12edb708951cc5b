import AuditTrail
import CareSyncCore
import Persistence

/// What patients agree to (rules/patient-data 10).
struct ConsentService: Sendable {
    let database: any Database

    /// One for each purpose.
    func find(of patient: PatientID, by origin: RequestOrigin) async throws -> [ConsentPurpose: Consent] {
        try await database.readAudited { db in
            (
                try Self.all(of: patient, db),
                [AuditEntry(.readPHI, "patient_consents", "", by: origin, patient: patient)]
            )
        }
    }

    /// Adds a row for each that differs from what counts now, also when only its text is a newer one.
    func change(
        _ wanted: [ConsentPurpose: Bool], of patient: PatientID, by origin: RequestOrigin
    ) async throws -> [ConsentPurpose: Consent] {
        try await database.write { db in
            guard try PatientRepository(db: db).lock(patient) != nil else { throw MissingProfile() }
            let before = try Self.all(of: patient, db)
            let consents = ConsentRepository(db: db)
            for (purpose, isGranted) in wanted where Self.isNews(isGranted, before[purpose], purpose) {
                try consents.insert(purpose, isGranted: isGranted, of: patient, at: db.now)
                db.audit(
                    AuditEntry(
                        .updatePHI, "patient_consents", purpose.rawValue, by: origin, patient: patient,
                        before: Self.state(before[purpose]?.isGranted == true), after: Self.state(isGranted)))
            }
            return try Self.all(of: patient, db)
        }
    }

    private static func isNews(_ isGranted: Bool, _ before: Consent?, _ purpose: ConsentPurpose) -> Bool {
        guard let before, before.changedAt != nil else { return isGranted }
        return before.isGranted != isGranted || isGranted && before.textVersion < purpose.texts.count
    }

    private static func state(_ isGranted: Bool) -> String { isGranted ? "GRANTED" : "REFUSED" }

    private static func all(of patient: PatientID, _ db: any Connection) throws -> [ConsentPurpose: Consent] {
        var all = Dictionary(uniqueKeysWithValues: ConsentPurpose.allCases.map { ($0, Consent(unsaid: $0)) })
        for consent in try ConsentRepository(db: db).list(of: patient) { all[consent.purpose] = consent }
        return all
    }
}
