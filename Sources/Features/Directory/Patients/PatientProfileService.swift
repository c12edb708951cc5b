import AuditTrail
import CareSyncCore
import Identity
import JSONCoding
import Persistence

/// Changes patients' profiles; each patient's by that patient only.
struct PatientProfileService: Sendable {
    let database: any Database
    let vault: PatientVault
    let names: PatientNames
    let zone: ClinicZone

    /// Writes the fields that were sent and no others.
    ///
    /// - Parameter email: the address to be used from now on; whatever the account has already changes nothing.
    func change(
        _ change: PatientChange, email: NewEmail? = nil, of patient: PatientID, by origin: RequestOrigin
    ) async throws -> PatientRecord {
        try await database.write { db in
            // The account is locked before the patient (rules/persistence 4).
            if let email { try IdentityFeature.changeEmail(to: email, by: origin, db: db) }
            try checkBirth(change, today: zone.date(at: db.now))
            return try write(change, of: patient, by: origin, db)
        }
    }

    /// The upload of a picture has set its address already; another one is refused.
    func confirmPicture(_ address: String, of id: PatientID) async throws -> PatientRecord {
        try await database.read { db in
            guard let record = try PatientRepository(db: db).findRecord(id) else { throw MissingProfile() }
            let card = try vault.open(record.patient, db)
            guard !card.isErased else { throw PatientError.erased }
            try LinkPolicy.requirePicture(address, uploaded: card.profileImageURL)
            return PatientRecord(record, card, for: .patient)
        }
    }

    /// What is stored is opened first: nothing is written over a value that cannot be read (rules/patient-data 9).
    private func write(
        _ change: PatientChange, of id: PatientID, by origin: RequestOrigin, _ db: any Connection
    ) throws -> PatientRecord {
        let patients = PatientRepository(db: db)
        guard let sealed = try patients.lock(id) else { throw MissingProfile() }
        let before = try vault.open(sealed, db)
        guard !before.isErased else { throw PatientError.erased }
        let key = try vault.key(for: id, db)
        try patients.update(id, try change.assignments(of: id, sealedBy: vault, key), at: db.now)
        if change.hasNames {
            try names.store(change.firstName ?? before.firstName, change.lastName ?? before.lastName, of: id, db)
        }
        db.audit(AuditEntry(.updatePHI, "patients", "\(id)", by: origin, patient: id))
        guard let after = try patients.findRecord(id) else { throw MissingProfile() }
        return PatientRecord(after, try vault.open(after.patient, db), for: .patient)
    }

    private func checkBirth(_ change: PatientChange, today: LocalDate) throws {
        guard let birth = change.dateOfBirth.value, birth > today else { return }
        throw Problem.validation([FieldError(field: "dateOfBirth", message: "must not be in the future")])
    }
}
