import CareSyncCore
import Directory
import Persistence
import Scheduling

/// What the services of this feature share.
struct RecordsContext: Sendable {
    let database: any Database
    let zone: ClinicZone
    let vault: PatientVault
    let access: RecordAccess
    let codes: PrescriptionCodes
    let settings: RecordsSettings
}

/// Who may see and write a patient's record (rules/access 4 to 8).
struct RecordAccess: Sendable {
    let care: CareRelationship

    /// What lets somebody in.
    struct Grounds: Sendable {
        /// For the audit log: why, when it is neither the own record nor the treatment.
        let auditReason: String?
        /// The caller has written the entry, and nothing else lets them in: nothing else of the patient is shown.
        var isAuthorship = false

        static let authorship = Grounds(auditReason: "AUTHOR", isAuthorship: true)
    }

    /// Throws `DOCTOR_NOT_VERIFIED`. It comes before any look-up, so that it does not tell what there is.
    private func requireVerified(_ caller: Principal, _ db: any Connection) throws {
        if caller.role == .doctor { try VerifiedDoctor.require(caller.requireDoctor(), db) }
    }

    /// `nil` when nothing does.
    private func grounds(of caller: Principal, for patient: PatientID, _ db: any Connection) throws -> Grounds? {
        let access: CareAccess?
        switch caller.role {
        case .patient:
            return try caller.requirePatient() == patient ? Grounds(auditReason: nil) : nil
        case .doctor:
            access = try care.access(of: caller.requireDoctor(), to: patient, db: db)
        case .admin:
            access = try care.access(ofAdministrator: caller.userID, to: patient, db: db)
        }
        return access.map { Grounds(auditReason: $0.auditReason) }
    }

    /// For routes that name the patient: throws 403 without telling whether there is one.
    func require(_ caller: Principal, for patient: PatientID, _ db: any Connection) throws -> Grounds {
        try requireVerified(caller, db)
        guard let grounds = try grounds(of: caller, for: patient, db) else { throw Problem.accessDenied }
        return grounds
    }

    /// For routes that name an entry: an unknown one and one of a patient whom the caller may not see are alike.
    func entry(
        for caller: Principal, _ db: any Connection, _ find: (HistoryRepository) throws -> SealedHistory?
    ) throws -> (record: SealedHistory, grounds: Grounds) {
        try requireVerified(caller, db)
        guard let record = try find(HistoryRepository(db: db)) else { throw HistoryError.notFound }
        if let grounds = try grounds(of: caller, for: record.patientID, db) { return (record, grounds) }
        // What was written with a broken glass stays its author's after the hour.
        guard caller.role == .doctor, try caller.requireDoctor() == record.doctorID else { throw HistoryError.notFound }
        return (record, .authorship)
    }
}
