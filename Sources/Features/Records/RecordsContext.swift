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
    }

    /// `nil` when nothing does. Throws `DOCTOR_NOT_VERIFIED`.
    func grounds(of caller: Principal, for patient: PatientID, _ db: any Connection) throws -> Grounds? {
        let access: CareAccess?
        switch caller.role {
        case .patient:
            return try caller.requirePatient() == patient ? Grounds(auditReason: nil) : nil
        case .doctor:
            let doctor = try caller.requireDoctor()
            try VerifiedDoctor.require(doctor, db)
            access = try care.access(of: doctor, to: patient, db: db)
        case .admin:
            access = try care.access(ofAdministrator: caller.userID, to: patient, db: db)
        }
        return access.map { Grounds(auditReason: $0.auditReason) }
    }

    /// For routes that name the patient: throws 403 without telling whether there is one.
    func require(_ caller: Principal, for patient: PatientID, _ db: any Connection) throws -> Grounds {
        guard let grounds = try grounds(of: caller, for: patient, db) else { throw Problem.accessDenied }
        return grounds
    }
}
