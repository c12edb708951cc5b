import CareSyncCore
import Persistence
import Scheduling

/// Which entries of a patient a list shows.
enum HistoryFilter: Sendable {
    case all
    /// Both days included.
    case between(LocalDate, LocalDate)
    case among([HistoryID])

    var condition: SQL {
        switch self {
        case .all: "TRUE"
        case .between(let first, let last): "h.visit_date >= \(first) AND h.visit_date <= \(last)"
        case .among(let ids): "h.id IN \(in: ids)"
        }
    }
}

/// The SQL of entries. Those that were deleted are found by nothing.
struct HistoryRepository {
    let db: any Connection

    private static let newestFirst: SQL = "h.visit_date DESC, h.created_at DESC, h.id DESC"

    private static let selected: SQL = "SELECT \(SealedHistory.columns) FROM \(SealedHistory.tables)"

    func find(_ id: HistoryID) throws -> SealedHistory? {
        try db.first("\(Self.selected) WHERE h.id = \(id) AND h.deleted_at IS NULL")
    }

    /// For a change.
    func lock(_ id: HistoryID) throws -> SealedHistory? {
        try db.first(
            "\(Self.selected) WHERE h.id = \(id) AND h.deleted_at IS NULL\(db.dialect.forUpdate(of: "h"))")
    }

    /// The latest visit first.
    func page(of patient: PatientID, _ filter: HistoryFilter, _ page: PageRequest) throws -> Page<SealedHistory> {
        let condition: SQL = "h.patient_id = \(patient) AND h.deleted_at IS NULL AND \(filter.condition)"
        let batch = Batch()
        let rows = batch.all(SealedHistory.self, Self.rows(condition, page))
        let total =
            page.isPaged ? batch.value(Int.self, "SELECT count(*) FROM medical_histories h WHERE \(condition)") : nil
        try batch.run(db)
        return Page(fetched: try rows.value, request: page, total: try total?.value ?? nil)
    }

    /// The ids of the page come first, from the one table.
    private static func rows(_ condition: SQL, _ page: PageRequest) -> SQL {
        """
        \(selected) JOIN (SELECT h.id FROM medical_histories h WHERE \(condition)
                          ORDER BY \(newestFirst) LIMIT \(page.limit) OFFSET \(page.offset)) page ON page.id = h.id
        ORDER BY \(newestFirst)
        """
    }

    /// The statement of a page of a patient's entries.
    static func rows(of patient: PatientID, _ page: PageRequest) -> SQL {
        rows("h.patient_id = \(patient) AND h.deleted_at IS NULL", page)
    }

    struct Diagnosis: RowDecodable {
        let id: HistoryID
        let visitDate: LocalDate
        let sealed: [UInt8]?

        init(row: Row) throws {
            id = try row.value("id")
            visitDate = try row.value("visit_date")
            sealed = try row.value("diagnosis")
        }
    }

    /// What was found at each visit of a patient, the latest first.
    func diagnoses(of patient: PatientID) throws -> [Diagnosis] {
        try db.all(
            """
            SELECT h.id, h.visit_date, h.diagnosis FROM medical_histories h
            WHERE h.patient_id = \(patient) AND h.deleted_at IS NULL ORDER BY \(Self.newestFirst) LIMIT \(Self.mostScanned)
            """)
    }

    private static let mostScanned = 10_000

    /// Of each patient the newest entries, and those of the appointments.
    func list(of patients: [PatientID], newest limit: Int, or appointments: [AppointmentID]) throws -> [SealedHistory] {
        try db.all(Self.newest(of: patients, limit, or: appointments))
    }

    static func newest(of patients: [PatientID], _ limit: Int, or appointments: [AppointmentID]) -> SQL {
        """
        \(selected) JOIN (
            SELECT h.id, h.appointment_id,
                   row_number() OVER (PARTITION BY h.patient_id ORDER BY \(newestFirst)) AS place
            FROM medical_histories h WHERE h.patient_id IN \(in: patients) AND h.deleted_at IS NULL) page
            ON page.id = h.id
        WHERE page.place <= \(limit) OR page.appointment_id IN \(in: appointments)
        ORDER BY \(newestFirst)
        """
    }

    /// What an author has just written about one visit.
    func list(
        of patient: PatientID, by doctor: DoctorID, on visitDate: LocalDate, since moment: Instant
    ) throws -> [SealedHistory] {
        try db.all(
            """
            \(Self.selected) WHERE h.patient_id = \(patient) AND h.doctor_id = \(doctor) AND h.visit_date = \(visitDate)
                AND h.created_at > \(moment) AND h.deleted_at IS NULL ORDER BY h.created_at, h.id LIMIT 20
            """)
    }

    /// Whether an appointment is of these two and not cancelled; a slot that waits for its payment is none.
    func hasAppointment(_ id: AppointmentID, of doctor: DoctorID, with patient: PatientID) throws -> Bool {
        try db.exists(
            """
            SELECT 1 FROM appointments t WHERE t.id = \(id) AND t.doctor_id = \(doctor) AND t.patient_id = \(patient)
            AND \(CareTie.appointments.condition)
            """)
    }

    /// An appointment that may be the one of a visit.
    struct Visit: RowDecodable {
        let id: AppointmentID
        let doctorID: DoctorID
        let startsAt: Instant

        init(row: Row) throws {
            id = try row.value("id")
            doctorID = try row.value("doctor_id")
            startsAt = try row.value("starts_at")
        }
    }

    /// A patient's appointments within a span of time, the earliest first.
    func visits(of patient: PatientID, from start: Instant, to end: Instant) throws -> [Visit] {
        try db.all(
            """
            SELECT t.id, t.doctor_id, t.starts_at FROM appointments t
            WHERE t.patient_id = \(patient) AND t.starts_at >= \(start) AND t.starts_at < \(end)
              AND \(CareTie.appointments.condition)
            ORDER BY t.starts_at, t.id LIMIT \(Self.mostScanned)
            """)
    }

    func insert(
        _ id: HistoryID, _ new: NewHistory, _ texts: SealedTexts, by doctor: DoctorID, as name: String,
        isExceptional: Bool, at now: Instant
    ) throws {
        try db.run(
            """
            INSERT INTO medical_histories (id, patient_id, doctor_id, appointment_id, visit_date, symptoms, diagnosis,
                                           treatment, medicine, doses, notes, prescription, prescribed_version,
                                           written_as, is_exceptional, created_at, updated_at)
            VALUES (\(id), \(new.patient), \(doctor), \(new.appointment), \(new.visitDate), \(texts.symptoms),
                    \(texts.diagnosis), \(texts.treatment), \(texts.medicine), \(texts.doses), \(texts.notes),
                    \(texts.prescription), \(new.texts.isPrescribing ? Int64(1) : nil), \(name),
                    \(isExceptional), \(now), \(now))
            """)
    }

    /// Of a locked entry.
    func update(
        _ record: SealedHistory, visitDate: LocalDate, appointment: AppointmentID?, texts: SealedTexts,
        prescribedVersion: Int64?, as name: String, at now: Instant
    ) throws {
        try db.run(
            """
            UPDATE medical_histories
            SET visit_date = \(visitDate), appointment_id = \(appointment), symptoms = \(texts.symptoms),
                diagnosis = \(texts.diagnosis), treatment = \(texts.treatment), medicine = \(texts.medicine),
                doses = \(texts.doses), notes = \(texts.notes), prescription = \(texts.prescription),
                prescribed_version = \(prescribedVersion), written_as = \(name), version = version + 1,
                updated_at = \(now)
            WHERE id = \(record.id) AND version = \(record.version)
            """)
    }

    func delete(_ record: SealedHistory, at now: Instant) throws {
        try db.run(
            """
            UPDATE medical_histories SET deleted_at = \(now), version = version + 1, updated_at = \(now)
            WHERE id = \(record.id) AND version = \(record.version)
            """)
    }
}
