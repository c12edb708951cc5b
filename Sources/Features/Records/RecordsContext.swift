package import CareSyncCore
import Directory
import Persistence
import Scheduling

/// What a clinic may set of its records.
package struct RecordsSettings: Sendable {
    /// For how long an author may correct an entry.
    package var correctionTime: TimeSpan = .hours(24)
    /// What links begin with, without a slash at its end.
    package var linkBase: String
    /// Told with every alert about vitals.
    package var emergencyNumber = "112"
    /// Whether mail can be sent; without it, no mails about alerts are written.
    package var isMailAvailable = true

    package init(linkBase: String) {
        self.linkBase = linkBase
    }
}

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
