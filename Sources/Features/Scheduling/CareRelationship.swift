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

/// A table whose rows tie a doctor to a patient.
package struct CareTie: Sendable {
    let table: SQL
    let doctor: SQL
    let patient: SQL
    let moment: SQL
    package let condition: SQL

    /// - Parameters:
    ///   - doctor: the columns are of the alias `t`, such as `t.doctor_id`; an index begins with doctor and patient.
    ///   - moment: when the two had to do with each other.
    ///   - condition: which rows count.
    package init(_ table: SQL, doctor: SQL, patient: SQL, moment: SQL, where condition: SQL) {
        self.table = table
        self.doctor = doctor
        self.patient = patient
        self.moment = moment
        self.condition = condition
    }

    package static let appointments = CareTie(
        "appointments", doctor: "t.doctor_id", patient: "t.patient_id", moment: "t.starts_at",
        where: """
            t.held_until IS NULL AND t.deleted_at IS NULL
            AND t.status NOT IN ('CANCELLED', 'CANCELLED_BY_PATIENT', 'CANCELLED_BY_DOCTOR')
            """)
}

/// Whether a doctor treats a patient (rules/access 5): there is, or was, an appointment that is not cancelled, or
/// something else that higher features know of. A hold that waits for payment makes nobody treating
/// (rules/holds-and-payment 3). Or, failing that, whether the glass is broken (rules/access 8).
///
/// Every service asks this; none compares ids itself.
package struct CareRelationship: Sendable {
    private let ties: [CareTie]

    /// - Parameter ties: beside appointments.
    package init(ties: [CareTie]) {
        self.ties = [.appointments] + ties
    }

    /// What gives a doctor access, inside a statement: 0 for the treatment, the id of a grant, or null. The grant is
    /// looked for only when there is no treatment. `doctor` and `patient` are columns of the enclosing query.
    package func access(doctor: SQL, patient: SQL, at now: Instant) -> SQL {
        let treats = ties.map { tie -> SQL in
            """
            EXISTS (SELECT 1 FROM \(tie.table) t
                    WHERE \(tie.doctor) = \(doctor) AND \(tie.patient) = \(patient) AND \(tie.condition))
            """
        }
        return """
            CASE WHEN \(SQL.joined(treats, separator: " OR ")) THEN 0
                 ELSE \(BreakGlass.openGrant(user: doctor, patient: patient, at: now)) END
            """
    }

    /// The ids of the patients a doctor treats, each with when the two last had to do with each other, as `patient_id`
    /// and `last_start`.
    package func patients(of doctor: DoctorID) -> SQL {
        let tied = ties.map { tie -> SQL in
            """
            SELECT \(tie.patient) AS patient_id, \(tie.moment) AS moment FROM \(tie.table) t
            WHERE \(tie.doctor) = \(doctor) AND \(tie.condition)
            """
        }
        return """
            SELECT tied.patient_id, max(tied.moment) AS last_start
            FROM (\(SQL.joined(tied, separator: " UNION ALL "))) tied GROUP BY tied.patient_id
            """
    }

    /// The ids of the doctors who treat a patient, as `doctor_id` and `last_start`.
    package func doctors(of patient: PatientID) -> SQL {
        let tied = ties.map { tie -> SQL in
            """
            SELECT \(tie.doctor) AS doctor_id, \(tie.moment) AS moment FROM \(tie.table) t
            WHERE \(tie.patient) = \(patient) AND \(tie.condition)
            """
        }
        return """
            SELECT tied.doctor_id, max(tied.moment) AS last_start
            FROM (\(SQL.joined(tied, separator: " UNION ALL "))) tied GROUP BY tied.doctor_id
            """
    }

    /// What lets a doctor see a patient; `nil` when nothing does.
    package func access(of doctor: DoctorID, to patient: PatientID, db: any Connection) throws -> CareAccess? {
        let found: Int64?? = try db.value(
            "SELECT \(access(doctor: "\(doctor)", patient: "\(patient)", at: db.now)) AS care")
        return CareAccess(column: found ?? nil)
    }

    /// What lets an administrator read a patient's history and summary, and nothing else of the clinic's: a grant.
    package func access(
        ofAdministrator user: UserID, to patient: PatientID, db: any Connection
    ) throws -> CareAccess? {
        try BreakGlass.openGrant(of: user, for: patient, db: db).map(CareAccess.breakGlass)
    }
}
