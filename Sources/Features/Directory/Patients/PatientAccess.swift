package import CareSyncCore
package import Persistence

/// What the feature that knows who treats whom tells this one.
package struct PatientRelation: Sendable {
    /// What lets a doctor see a patient.
    package struct Access: Sendable, Equatable {
        /// For the audit log: why, when it is not the treatment.
        let auditReason: String?

        package init(auditReason: String?) {
            self.auditReason = auditReason
        }
    }

    let access: @Sendable (_ doctor: DoctorID, _ patient: PatientID, _ db: any Connection) throws -> Access?
    let treated: @Sendable (_ doctor: DoctorID) -> SQL

    /// - Parameters:
    ///   - access: `nil` when nothing lets the doctor see the patient.
    ///   - treated: a query of the patients whom a doctor treats, as `patient_id` and `last_start`.
    package init(
        access: @escaping @Sendable (DoctorID, PatientID, any Connection) throws -> Access?,
        treated: @escaping @Sendable (DoctorID) -> SQL
    ) {
        self.access = access
        self.treated = treated
    }
}

/// As whom somebody sees a patient.
enum PatientViewer: Sendable, Equatable {
    case patient
    case doctor(reason: String?)
    /// Sees directory data; with an open grant also what is clinical (rules/access 7 and 8).
    case administrator(grant: BreakGlassID?)

    var seesClinical: Bool { self != .administrator(grant: nil) }

    var auditReason: String? {
        switch self {
        case .patient, .administrator(grant: nil): nil
        case .doctor(let reason): reason
        case .administrator(grant: let grant?): "BREAK_GLASS \(grant)"
        }
    }
}

enum PatientError: FailureCatalogue, CaseIterable {
    case notFound
    case doctorNotVerified
    /// The patient's account is closed and the data is erased.
    case erased
    case valueMissing

    var problem: Problem {
        switch self {
        case .notFound: BreakGlassError.patientNotFound.problem
        case .doctorNotVerified: BreakGlassError.notVerified.problem
        case .erased: PatientVault.erased
        case .valueMissing: Problem(.badRequest, "INVALID_ARGUMENT", "The new value is missing.")
        }
    }
}
