import AuditTrail
import CareSyncCore
import Identity
import Persistence

/// Reads patients; every access leaves one line in the audit log.
struct PatientService: Sendable {
    let database: any Database
    let vault: PatientVault
    let names: PatientNames
    let relation: PatientRelation

    /// How many of a doctor's patients a search for an illness looks at; those seen last come first.
    static let mostSearched = 5_000

    // MARK: One patient

    /// Whoever may not see the patient is refused alike, whether or not there is one.
    func find(_ id: PatientID, for caller: Principal, by origin: RequestOrigin) async throws -> PatientRecord {
        try await database.readAudited { db in
            try record(id, for: try viewer(of: id, caller, db), by: origin, db)
        }
    }

    func find(username: String, for caller: Principal, by origin: RequestOrigin) async throws -> PatientRecord {
        if caller.role == .patient {
            // Refused without a look-up (rules/access 3).
            guard caller.isNamed(username) else { throw Problem.accessDenied }
            return try await find(caller.requirePatient(), for: caller, by: origin)
        }
        return try await database.readAudited { db in
            if caller.role == .doctor { try requireVerified(caller, db) }
            guard let id = try PatientRepository(db: db).find(username: username) else {
                throw caller.role == .admin ? PatientError.notFound.problem : Problem.accessDenied
            }
            return try record(id, for: try viewer(of: id, caller, db), by: origin, db)
        }
    }

    private func record(
        _ id: PatientID, for viewer: PatientViewer, by origin: RequestOrigin, _ db: any Connection
    ) throws -> (value: PatientRecord, entries: [AuditEntry]) {
        guard let sealed = try PatientRepository(db: db).findRecord(id) else { throw PatientError.notFound }
        let record = PatientRecord(sealed, try vault.open(sealed.patient, db), for: viewer)
        return (
            record,
            [AuditEntry(.readPHI, "patients", "\(id)", by: origin, patient: id, reason: viewer.auditReason)]
        )
    }

    private func viewer(of patient: PatientID, _ caller: Principal, _ db: any Connection) throws -> PatientViewer {
        switch caller.role {
        case .patient:
            guard try caller.requirePatient() == patient else { throw Problem.accessDenied }
            return .patient
        case .doctor:
            try requireVerified(caller, db)
            guard let access = try relation.access(caller.requireDoctor(), patient, db) else {
                throw Problem.accessDenied
            }
            return .doctor(reason: access.auditReason)
        case .admin:
            return .administrator(grant: try BreakGlass.openGrant(of: caller.userID, for: patient, db: db))
        }
    }

    private func requireVerified(_ caller: Principal, _ db: any Connection) throws {
        guard try BreakGlassRepository(db: db).isVerified(caller.userID) else { throw PatientError.doctorNotVerified }
    }

    // MARK: Lists

    /// A doctor's own patients, or everybody for an administrator, by id. The log names all who are shown.
    func list(
        named text: String?, _ page: PageRequest, for caller: Principal, by origin: RequestOrigin
    ) async throws -> Page<PatientRecord> {
        let words = text.map(names.codes) ?? []
        return try await database.readAudited { db in
            var search = PatientSearch(words: words)
            var viewer = PatientViewer.administrator(grant: nil)
            if caller.role != .admin {
                try requireVerified(caller, db)
                search.among = relation.treated(try caller.requireDoctor())
                viewer = .doctor(reason: nil)
            }
            let found = try PatientRepository(db: db).page(search, page)
            return try shown(found, to: viewer, by: origin, db)
        }
    }

    /// A doctor's own patients who say so of their illnesses. Only that is opened of those who do not.
    func list(
        withIllness keyword: String, _ page: PageRequest, for caller: Principal, by origin: RequestOrigin
    ) async throws -> Page<PatientRecord> {
        let doctor = try caller.requireDoctor()
        let wanted = TextKey.folded(keyword)
        return try await database.readAudited { db in
            try requireVerified(caller, db)
            let patients = PatientRepository(db: db)
            let sealed = try patients.illnesses(among: relation.treated(doctor), limit: Self.mostSearched)
            let keys = try vault.keys(for: sealed.map(\.id), db)
            let ids = try sealed.filter { try says(wanted, $0, keys[$0.id]) }.map(\.id)
            let cut = ids.dropFirst(page.offset).prefix(page.limit)
            let found = Page(fetched: try patients.list(Array(cut)), request: page, total: ids.count)
            return try shown(found, to: .doctor(reason: nil), by: origin, db)
        }
    }

    private func says(_ wanted: String, _ sealed: SealedIllness, _ key: PatientKey?) throws -> Bool {
        guard let key else { return false }
        let text = try vault.open(sealed.text, with: key, at: PatientColumn.illnessDetails.context(sealed.id))
        return text.map { TextKey.folded($0).contains(wanted) } ?? false
    }

    private func shown(
        _ found: Page<SealedRecord>, to viewer: PatientViewer, by origin: RequestOrigin, _ db: any Connection
    ) throws -> (value: Page<PatientRecord>, entries: [AuditEntry]) {
        let cards = try vault.open(found.items.map(\.patient), db)
        let records = found.replacing(zip(found.items, cards).map { PatientRecord($0, $1, for: viewer) })
        let ids = found.items.map(\.patient.id)
        return (records, [AuditEntry(.readPHI, "patients", "", by: origin, patients: ids)])
    }
}
