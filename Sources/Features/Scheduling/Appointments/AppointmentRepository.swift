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

    /// An appointment with its doctor and patient.
    struct WithBoth: RowDecodable {
        let appointment: Appointment
        let doctorName: String
        let patient: SealedPatient

        init(row: Row) throws {
            appointment = try Appointment(row: row)
            doctorName = try row.value("doctor_first_name") + " " + row.value("doctor_last_name")
            patient = try SealedPatient(row: row)
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

    static let withDoctor: SQL = """
        SELECT \(Appointment.columns), \(AppointmentDoctor.columns)
        FROM appointments a JOIN doctors d ON d.id = a.doctor_id JOIN users u ON u.id = d.id
        """

    func withPatient(_ care: CareRelationship) -> SQL {
        """
        SELECT \(Appointment.columns), \(SealedPatient.columns), u.email,
               \(care.access(doctor: "a.doctor_id", patient: "a.patient_id", at: db.now)) AS care
        FROM appointments a JOIN patients p ON p.id = a.patient_id JOIN users u ON u.id = p.id
        """
    }

    func find(_ id: AppointmentID, of patient: PatientID) throws -> WithDoctor? {
        try db.first(
            "\(Self.withDoctor) WHERE a.id = \(id) AND a.patient_id = \(patient) AND a.deleted_at IS NULL")
    }

    func find(_ id: AppointmentID, of doctor: DoctorID, _ care: CareRelationship) throws -> WithPatient? {
        try db.first(
            "\(withPatient(care)) WHERE a.id = \(id) AND a.doctor_id = \(doctor) AND a.deleted_at IS NULL")
    }

    func find(_ id: AppointmentID) throws -> WithBoth? {
        try db.first(
            """
            SELECT \(Appointment.columns), d.first_name AS doctor_first_name, d.last_name AS doctor_last_name,
                   \(SealedPatient.columns)
            FROM appointments a JOIN doctors d ON d.id = a.doctor_id JOIN patients p ON p.id = a.patient_id
            WHERE a.id = \(id) AND a.deleted_at IS NULL
            """)
    }

    /// Who an appointment is between, if it is of this patient or doctor.
    func subject(_ id: AppointmentID, of owner: AppointmentOwner) throws -> AppointmentEffects.Subject? {
        try db.first(
            """
            SELECT \(AppointmentEffects.Subject.columns) FROM appointments
            WHERE id = \(id) AND \(owner.condition) AND deleted_at IS NULL
            """)
    }

    /// How many active appointments of anybody begin within some spans of time.
    func count(startingWithin spans: [Interval], now: Instant) throws -> Int {
        guard !spans.isEmpty else { return 0 }
        return try db.value("SELECT count(*) FROM (\(Self.starting(within: spans, now: now))) starting") ?? 0
    }

    /// By each doctor's calendar; SQLite keeps the order of a cross join.
    static func starting(within spans: [Interval], now: Instant) -> SQL {
        let first = spans.map(\.start).min() ?? now
        let last = spans.map(\.end).max() ?? now
        let within = spans.map { span -> SQL in "a.starts_at >= \(span.start) AND a.starts_at < \(span.end)" }
        return """
            SELECT a.id FROM (SELECT id AS person FROM doctors) d CROSS JOIN appointments a
            WHERE a.doctor_id = d.person AND a.starts_at >= \(first) AND a.starts_at < \(last)
              AND (\(SQL.joined(within, separator: " OR "))) AND \(CalendarRepository.occupying(now))
            """
    }
}

// MARK: - Lists

extension AppointmentRepository {
    func list(of patient: PatientID, _ filter: AppointmentFilter, _ page: PageRequest) throws -> Page<WithDoctor> {
        try list(Self.withDoctor, .patient(patient), filter, page)
    }

    func list(
        of doctor: DoctorID, _ filter: AppointmentFilter, _ page: PageRequest, _ care: CareRelationship
    ) throws -> Page<WithPatient> {
        try list(withPatient(care), .doctor(doctor), filter, page)
    }

    private func list<Item: RowDecodable>(
        _ select: SQL, _ owner: AppointmentOwner, _ filter: AppointmentFilter, _ page: PageRequest
    ) throws -> Page<Item> {
        let condition = Self.condition(owner, filter)
        let batch = Batch()
        guard page.isPaged || filter.isBounded else {
            // The published client looks appointments up in the whole list, mostly today's: a list that is too long
            // loses what is furthest from now.
            let now = db.now
            let before = batch.all(
                Item.self,
                Self.rows(select, "\(condition) AND a.starts_at < \(now)", "a.starts_at DESC, a.id DESC", page))
            let after = batch.all(
                Item.self, Self.rows(select, "\(condition) AND a.starts_at >= \(now)", "a.starts_at, a.id", page))
            try batch.run(db)
            return Page(before: try before.value, after: try after.value, request: page)
        }
        let items = batch.all(Item.self, Self.rows(select, condition, "a.starts_at, a.id", page))
        let total = page.isPaged ? batch.value(Int.self, "SELECT count(*) FROM appointments a WHERE \(condition)") : nil
        try batch.run(db)
        return Page(fetched: try items.value, request: page, total: try total?.value ?? nil)
    }

    private static func condition(_ owner: AppointmentOwner, _ filter: AppointmentFilter) -> SQL {
        "a.\(owner.condition) AND \(filter.condition) AND a.deleted_at IS NULL"
    }

    /// The ids of the page come first, from the one table: what is skipped costs no joins.
    private static func rows(_ select: SQL, _ condition: SQL, _ order: SQL, _ page: PageRequest) -> SQL {
        """
        \(select) JOIN (SELECT a.id FROM appointments a WHERE \(condition)
                        ORDER BY \(order) LIMIT \(page.limit) OFFSET \(page.offset)) page ON page.id = a.id
        ORDER BY \(order)
        """
    }

    /// The statement of a list in order of time.
    func rows(
        of owner: AppointmentOwner, _ filter: AppointmentFilter, _ page: PageRequest, _ care: CareRelationship
    ) -> SQL {
        let select =
            switch owner {
            case .patient: Self.withDoctor
            case .doctor: withPatient(care)
            }
        return Self.rows(select, Self.condition(owner, filter), "a.starts_at, a.id", page)
    }
}

/// Whose appointments are meant.
enum AppointmentOwner: Sendable {
    case patient(PatientID)
    case doctor(DoctorID)

    var condition: SQL {
        switch self {
        case .patient(let patient): "patient_id = \(patient)"
        case .doctor(let doctor): "doctor_id = \(doctor)"
        }
    }

    var mover: StatusMover {
        switch self {
        case .patient: .patient
        case .doctor: .doctor
        }
    }
}

/// Which appointments a list shows.
enum AppointmentFilter: Sendable {
    case all
    /// Active and not over yet; a hold that has run out is over.
    case upcoming(now: Instant)
    case between(Instant, Instant)
    case status([AppointmentStatus])
    /// With a condition of a higher feature on alias `a`.
    case completed(where: SQL)

    /// Whether it reaches neither back nor ahead without an end.
    var isBounded: Bool {
        switch self {
        case .all, .status, .completed: false
        case .upcoming, .between: true
        }
    }

    var condition: SQL {
        switch self {
        case .all: "TRUE"
        case .upcoming(let now):
            """
            a.is_active AND a.status IN \(in: AppointmentStatus.occupying) AND a.ends_at > \(now)
            AND a.starts_at > \(now - CalendarRepository.longestSpan)
            AND (a.held_until IS NULL OR a.held_until > \(now))
            """
        case .between(let start, let end): "a.starts_at >= \(start) AND a.starts_at < \(end)"
        case .status(let statuses): "a.status IN \(in: statuses)"
        case .completed(let condition): "a.status = 'COMPLETED' AND \(condition)"
        }
    }
}
