package import CareSyncCore
package import Directory
package import Persistence

/// What lets somebody see a patient's data.
package enum CareAccess: Sendable, Equatable {
    case treating
    /// Only an open grant, which every access names.
    case breakGlass(BreakGlassID)

    /// For the audit log: why, when it is not the treatment.
    package var auditReason: String? {
        switch self {
        case .treating: nil
        case .breakGlass(let grant): "BREAK_GLASS \(grant)"
        }
    }

    /// As ``CareRelationship/access(doctor:patient:at:)`` gives it.
    init?(column: Int64?) {
        switch column {
        case nil: return nil
        case 0?: self = .treating
        case let grant?: self = .breakGlass(BreakGlassID(grant))
        }
    }
}

/// Whether a doctor treats a patient (rules/access 5): there is, or was, an appointment that is not cancelled. A
/// hold that waits for payment makes nobody treating (rules/holds-and-payment 3). Or, failing that, whether the glass
/// is broken (rules/access 8).
///
/// Every service asks this; none compares ids itself.
package enum CareRelationship {
    private static let treats: SQL = """
        t.held_until IS NULL AND t.deleted_at IS NULL
        AND t.status NOT IN ('CANCELLED', 'CANCELLED_BY_PATIENT', 'CANCELLED_BY_DOCTOR')
        """

    /// What gives a doctor access, inside a statement: 0 for the treatment, the id of a grant, or null. The grant is
    /// looked for only when there is no treatment. `doctor` and `patient` are columns of the enclosing query.
    static func access(doctor: SQL, patient: SQL, at now: Instant) -> SQL {
        """
        CASE WHEN EXISTS (SELECT 1 FROM appointments t
                          WHERE t.doctor_id = \(doctor) AND t.patient_id = \(patient) AND \(treats)) THEN 0
             ELSE \(BreakGlass.openGrant(user: doctor, patient: patient, at: now)) END
        """
    }

    /// The ids of the patients a doctor treats, with the start of each one's last appointment.
    static func patients(of doctor: DoctorID) -> SQL {
        """
        SELECT t.patient_id, max(t.starts_at) AS last_start FROM appointments t
        WHERE t.doctor_id = \(doctor) AND \(treats) GROUP BY t.patient_id
        """
    }

    /// What lets a doctor see a patient; `nil` when nothing does.
    package static func access(
        of doctor: DoctorID, to patient: PatientID, db: any Connection
    ) throws -> CareAccess? {
        let isTreating = try db.exists(
            "SELECT 1 FROM appointments t WHERE t.doctor_id = \(doctor) AND t.patient_id = \(patient) AND \(treats)")
        if isTreating { return .treating }
        return try BreakGlass.openGrant(of: UserID(doctor), for: patient, db: db).map(CareAccess.breakGlass)
    }

    /// What lets an administrator read a patient's history and summary, and nothing else of the clinic's: a grant.
    package static func access(
        ofAdministrator user: UserID, to patient: PatientID, db: any Connection
    ) throws -> CareAccess? {
        try BreakGlass.openGrant(of: user, for: patient, db: db).map(CareAccess.breakGlass)
    }
}
