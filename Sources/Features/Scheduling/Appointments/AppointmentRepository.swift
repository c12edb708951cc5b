import CareSyncCore
import Directory
import Persistence

/// The SQL of appointments.
struct AppointmentRepository {
    let db: any Connection

    /// An appointment with its doctor.
    struct WithDoctor: RowDecodable {
        let appointment: Appointment
        let doctor: AppointmentDoctor

        init(row: Row) throws {
            appointment = try Appointment(row: row)
            doctor = try AppointmentDoctor(row: row)
        }
    }

    /// An appointment with its patient, and what lets the doctor see them.
    struct WithPatient: RowDecodable {
        let appointment: Appointment
        let patient: SealedPatient
        let email: String
        let access: CareAccess?

        init(row: Row) throws {
            appointment = try Appointment(row: row)
            patient = try SealedPatient(row: row)
            email = try row.value("email")
            access = CareAccess(column: try row.value("care"))
        }
    }

    private static let withDoctor: SQL = """
        SELECT \(Appointment.columns), \(AppointmentDoctor.columns)
        FROM appointments a JOIN doctors d ON d.id = a.doctor_id JOIN users u ON u.id = d.id
        """

    private var withPatient: SQL {
        let now = db.scope.services.time.now
        return """
            SELECT \(Appointment.columns), \(SealedPatient.columns), u.email,
                   \(CareRelationship.access(doctor: "a.doctor_id", patient: "a.patient_id", at: now)) AS care
            FROM appointments a JOIN patients p ON p.id = a.patient_id JOIN users u ON u.id = p.id
            """
    }

    static func withDoctor(_ id: AppointmentID) -> SQL { "\(withDoctor) WHERE a.id = \(id)" }

    /// A patient's appointment, locked for a change.
    func lock(_ id: AppointmentID, of patient: PatientID) throws -> WithDoctor? {
        try db.first(
            """
            \(Self.withDoctor) WHERE a.id = \(id) AND a.patient_id = \(patient) AND a.deleted_at IS NULL
            \(db.dialect.forUpdate(of: "a"))
            """)
    }

    /// A doctor's appointment, locked for a change.
    func lock(_ id: AppointmentID, of doctor: DoctorID) throws -> WithPatient? {
        try db.first(
            """
            \(withPatient) WHERE a.id = \(id) AND a.doctor_id = \(doctor) AND a.deleted_at IS NULL
            \(db.dialect.forUpdate(of: "a"))
            """)
    }

    func find(_ id: AppointmentID, of doctor: DoctorID) throws -> WithPatient? {
        try db.first(
            "\(withPatient) WHERE a.id = \(id) AND a.doctor_id = \(doctor) AND a.deleted_at IS NULL")
    }

    func list(of patient: PatientID, _ filter: AppointmentFilter, _ page: PageRequest) throws -> Page<WithDoctor> {
        try self.page(Self.withDoctor, "a.patient_id = \(patient)", filter, page)
    }

    func list(of doctor: DoctorID, _ filter: AppointmentFilter, _ page: PageRequest) throws -> Page<WithPatient> {
        try self.page(withPatient, "a.doctor_id = \(doctor)", filter, page)
    }

    /// Moves a locked appointment to another status.
    static func move(
        _ appointment: Appointment, to status: AppointmentStatus, isActive: Bool, by username: String, at: Instant,
        cancellationReason: [UInt8]? = nil
    ) -> SQL {
        """
        UPDATE appointments
        SET status = \(status), is_active = \(isActive), status_changed_at = \(at), status_changed_by = \(username),
            cancellation_reason = \(cancellationReason), updated_at = \(at), version = version + 1
        WHERE id = \(appointment.id) AND status = \(appointment.status)
        """
    }

    private func page<Item: RowDecodable>(
        _ select: SQL, _ whose: SQL, _ filter: AppointmentFilter, _ page: PageRequest
    ) throws -> Page<Item> {
        let condition: SQL = "\(whose) AND \(filter.condition) AND a.deleted_at IS NULL"
        let batch = Batch()
        func rows(_ condition: SQL, _ order: SQL) -> () throws -> [Item] {
            let rows = batch.all(
                Item.self,
                "\(select) WHERE \(condition) ORDER BY \(order) LIMIT \(page.limit) OFFSET \(page.offset)")
            return { try rows.value }
        }
        guard page.isPaged || filter.isBounded else {
            // The published client looks appointments up in the whole list, today's above all: a list that is too long
            // loses what is furthest from now.
            let now = db.scope.services.time.now
            let before = rows("\(condition) AND a.starts_at < \(now)", "a.starts_at DESC, a.id DESC")
            let after = rows("\(condition) AND a.starts_at >= \(now)", "a.starts_at, a.id")
            try batch.run(db)
            return Page(before: try before(), after: try after(), request: page)
        }
        let items = rows(condition, "a.starts_at, a.id")
        let total = page.isPaged ? batch.value(Int.self, "SELECT count(*) FROM appointments a WHERE \(condition)") : nil
        try batch.run(db)
        return Page(fetched: try items(), request: page, total: try total?.value ?? nil)
    }
}

/// Which appointments a list shows.
enum AppointmentFilter: Sendable {
    case all
    /// Active and not over yet; a hold that has run out is over.
    case upcoming(now: Instant)
    case between(Instant, Instant)
    case status([AppointmentStatus])

    /// Whether it reaches neither back nor ahead without an end.
    var isBounded: Bool {
        switch self {
        case .all, .status: false
        case .upcoming, .between: true
        }
    }

    var condition: SQL {
        switch self {
        case .all: "TRUE"
        case .upcoming(let now):
            """
            a.is_active AND a.status IN \(in: AppointmentStatus.occupying) AND a.ends_at > \(now)
            AND (a.held_until IS NULL OR a.held_until > \(now))
            """
        case .between(let start, let end): "a.starts_at >= \(start) AND a.starts_at < \(end)"
        case .status(let statuses): "a.status IN \(in: statuses)"
        }
    }
}
