import CareSyncCore
import Directory
import Persistence

/// The SQL of appointments.
struct AppointmentRepository {
    let db: any Connection

    /// What is inserted for a booking.
    struct NewAppointment {
        let id: AppointmentID
        let doctorID: DoctorID
        let patientID: PatientID
        let slot: Slot
        let sealedReason: [UInt8]?
        let videoRoomID: String
        let at: Instant
    }

    /// Inserts a booking unless the doctor cannot be booked then or the time is taken: 0 or 1 rows. The conditions are
    /// part of the statement so that it can travel in the same round trip as the lock before it.
    static func insert(_ new: NewAppointment) -> SQL {
        """
        INSERT INTO appointments (id, doctor_id, patient_id, starts_at, ends_at, status, reason, video_room_id,
                                  created_at, updated_at, status_changed_by)
        SELECT CAST(\(new.id) AS bigint), d.id, CAST(\(new.patientID) AS bigint), \(new.slot.interval.start),
               \(new.slot.interval.end), 'BOOKED', \(new.sealedReason), \(new.videoRoomID), \(new.at), \(new.at), 'SYSTEM'
        FROM doctors d
        WHERE d.id = \(new.doctorID) AND d.is_verified AND d.is_active AND d.slot_minutes = \(new.slot.interval.minutes)
          AND NOT EXISTS (SELECT 1 FROM doctor_leaves l WHERE l.doctor_id = d.id
                          AND l.start_date <= \(new.slot.time.date) AND l.end_date >= \(new.slot.time.date))
        ON CONFLICT DO NOTHING
        """
    }

    /// An appointment with its doctor.
    struct WithDoctor: RowDecodable {
        let appointment: Appointment
        let doctor: AppointmentDoctor

        init(row: Row) throws {
            appointment = try Appointment(row: row)
            doctor = try AppointmentDoctor(row: row)
        }
    }

    /// An appointment with its patient, and whether the doctor treats them.
    struct WithPatient: RowDecodable {
        let appointment: Appointment
        let patient: SealedPatient
        let email: String
        let isTreated: Bool

        init(row: Row) throws {
            appointment = try Appointment(row: row)
            patient = try SealedPatient(row: row)
            email = try row.value("email")
            isTreated = try row.value("is_treated")
        }
    }

    private static let withDoctor: SQL = """
        SELECT \(Appointment.columns), \(AppointmentDoctor.columns)
        FROM appointments a JOIN doctors d ON d.id = a.doctor_id JOIN users u ON u.id = d.id
        """

    private static let withPatient: SQL = """
        SELECT \(Appointment.columns), \(SealedPatient.columns), u.email,
               \(CareRelationship.isTreated(doctor: "a.doctor_id", patient: "a.patient_id")) AS is_treated
        FROM appointments a JOIN patients p ON p.id = a.patient_id JOIN users u ON u.id = p.id
        """

    /// What a booking shows of its doctor, whose row is locked against exclusive changes of the calendar.
    static func doctor(_ id: DoctorID, _ dialect: Dialect) -> SQL {
        """
        SELECT \(AppointmentDoctor.columns) FROM doctors d JOIN users u ON u.id = d.id
        WHERE d.id = \(id)\(dialect.forKeyShare(of: "d"))
        """
    }

    /// A patient's appointment, locked for a change.
    func lock(_ id: AppointmentID, of patient: PatientID) throws -> WithDoctor? {
        try db.first(
            "\(Self.withDoctor) WHERE a.id = \(id) AND a.patient_id = \(patient)\(db.dialect.forUpdate(of: "a"))")
    }

    /// A doctor's appointment, locked for a change.
    func lock(_ id: AppointmentID, of doctor: DoctorID) throws -> WithPatient? {
        try db.first(
            "\(Self.withPatient) WHERE a.id = \(id) AND a.doctor_id = \(doctor)\(db.dialect.forUpdate(of: "a"))")
    }

    func find(_ id: AppointmentID, of doctor: DoctorID) throws -> WithPatient? {
        try db.first("\(Self.withPatient) WHERE a.id = \(id) AND a.doctor_id = \(doctor)")
    }

    func list(of patient: PatientID, _ filter: AppointmentFilter, _ page: PageRequest) throws -> Page<WithDoctor> {
        try self.page("\(Self.withDoctor)", "a.patient_id = \(patient) AND \(filter.condition)", page)
    }

    func list(of doctor: DoctorID, _ filter: AppointmentFilter, _ page: PageRequest) throws -> Page<WithPatient> {
        try self.page("\(Self.withPatient)", "a.doctor_id = \(doctor) AND \(filter.condition)", page)
    }

    /// Moves an appointment; nothing when its version is no longer `version`.
    static func move(
        _ appointment: Appointment, to status: AppointmentStatus, isActive: Bool, by username: String, at: Instant
    ) -> SQL {
        """
        UPDATE appointments
        SET status = \(status), is_active = \(isActive), status_changed_at = \(at), status_changed_by = \(username),
            updated_at = \(at), version = version + 1
        WHERE id = \(appointment.id) AND status = \(appointment.status)
        """
    }

    private func page<Item: RowDecodable>(_ select: SQL, _ condition: SQL, _ page: PageRequest) throws -> Page<Item> {
        let batch = Batch()
        let items = batch.all(
            Item.self,
            "\(select) WHERE \(condition) ORDER BY a.starts_at, a.id LIMIT \(page.limit) OFFSET \(page.offset)")
        let total = page.isPaged ? batch.value(Int.self, "SELECT count(*) FROM appointments a WHERE \(condition)") : nil
        try batch.run(db)
        return Page(fetched: try items.value, request: page, total: try total?.value ?? nil)
    }
}

/// Which appointments a list shows.
enum AppointmentFilter: Sendable {
    case all
    /// Active and not over yet.
    case upcoming(now: Instant)
    case between(Instant, Instant)
    case status([AppointmentStatus])

    var condition: SQL {
        switch self {
        case .all: "TRUE"
        case .upcoming(let now): "a.is_active AND a.status IN \(in: AppointmentStatus.occupying) AND a.ends_at > \(now)"
        case .between(let start, let end): "a.starts_at >= \(start) AND a.starts_at < \(end)"
        case .status(let statuses): "a.status IN \(in: statuses)"
        }
    }
}
