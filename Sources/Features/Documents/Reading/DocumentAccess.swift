package import CareSyncCore
import Directory
package import Persistence
package import Scheduling

/// What lets a doctor see a patient; `nil` when nothing does.
package typealias CareProbe = @Sendable (DoctorID, PatientID, any Connection) throws -> CareAccess?

/// Who reads: the caller, or the account that a link was made for.
struct Reader: Sendable, Equatable {
    let user: UserID
    let role: Role

    init(_ principal: Principal) {
        user = principal.userID
        role = principal.role
    }

    init(user: UserID, role: Role) {
        self.user = user
        self.role = role
    }
}

/// Who may do what with whose documents (rules/documents 6).
struct DocumentAccess: Sendable {
    let care: CareProbe

    /// Permission, and for the audit log why, when it is not the treatment.
    struct Grant: Sendable, Equatable {
        var auditReason: String?
    }

    /// A patient's documents: the patient, and verified doctors who may see the patient. Throws 403, before anything else is
    /// looked up.
    func require(_ reader: Reader, on patient: PatientID, _ db: any Connection) throws -> Grant {
        switch reader.role {
        case .patient where PatientID(reader.user) == patient: return Grant()
        case .doctor:
            guard try Self.isVerified(DoctorID(reader.user), db) else { throw SchedulingError.doctorNotVerified }
            guard let access = try care(DoctorID(reader.user), patient, db) else { throw Problem.accessDenied }
            return Grant(auditReason: access.auditReason)
        case .patient, .admin: throw Problem.accessDenied
        }
    }

    /// One document; `nil` for whom it is as unknown as one that does not exist.
    func grant(_ reader: Reader, _ document: SealedDocument, _ db: any Connection) throws -> Grant? {
        switch document.owner {
        case .doctor(let doctor):
            if document.type == .profileImage { return Grant() }
            if reader.role == .doctor, DoctorID(reader.user) == doctor { return Grant() }
            return reader.role == .admin && DocumentType.credentials.contains(document.type) ? Grant() : nil
        case .patient(let patient):
            if document.type == .profileImage { return Grant() }
            if reader.role == .patient { return PatientID(reader.user) == patient ? Grant() : nil }
            guard reader.role == .doctor, !DocumentType.ownersOnly.contains(document.type),
                try Self.isVerified(DoctorID(reader.user), db)
            else { return nil }
            return try care(DoctorID(reader.user), patient, db).map { Grant(auditReason: $0.auditReason) }
        }
    }

    /// Whether a reader who may see it now may change or delete it as well: of a patient's documents whoever filed it.
    static func mayChange(_ reader: Reader, _ document: SealedDocument) -> Bool {
        switch document.owner {
        case .doctor(let doctor): reader.role == .doctor && DoctorID(reader.user) == doctor
        case .patient: document.uploadedBy == reader.user
        }
    }

    private static func isVerified(_ doctor: DoctorID, _ db: any Connection) throws -> Bool {
        try db.value("SELECT is_verified FROM doctors WHERE id = \(doctor)") ?? false
    }
}
