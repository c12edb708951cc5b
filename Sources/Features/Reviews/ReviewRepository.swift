import CareSyncCore
import Directory
import Persistence
import Scheduling

struct ReviewRepository {
    let db: any Connection

    private static let select: SQL = """
        SELECT \(SealedReview.columns)
        FROM reviews r JOIN doctors d ON d.id = r.doctor_id JOIN patients p ON p.id = r.patient_id
        """

    func find(_ id: ReviewID) throws -> SealedReview? {
        try db.first("\(Self.select) WHERE r.id = \(id)")
    }

    func find(of appointment: AppointmentID) throws -> SealedReview? {
        try db.first("\(Self.select) WHERE r.appointment_id = \(appointment)")
    }

    /// The newest day first; within a day the numbers, which are random, tell nothing.
    func list(of doctor: DoctorID, _ page: PageRequest) throws -> Page<SealedReview> {
        try list("r.doctor_id = \(doctor)", "r.created_on DESC, r.id DESC", page)
    }

    /// The newest first.
    func list(of patient: PatientID, _ page: PageRequest) throws -> Page<SealedReview> {
        try list("r.patient_id = \(patient)", "r.created_at DESC, r.id DESC", page)
    }

    private func list(_ condition: SQL, _ order: SQL, _ page: PageRequest) throws -> Page<SealedReview> {
        let batch = Batch()
        let rows = batch.all(SealedReview.self, Self.rows(condition, order, page))
        let total = page.isPaged ? batch.value(Int.self, "SELECT count(*) FROM reviews r WHERE \(condition)") : nil
        try batch.run(db)
        return Page(fetched: try rows.value, request: page, total: try total?.value ?? nil)
    }

    private static func rows(_ condition: SQL, _ order: SQL, _ page: PageRequest) -> SQL {
        """
        \(select) JOIN (SELECT r.id FROM reviews r WHERE \(condition)
                        ORDER BY \(order) LIMIT \(page.limit) OFFSET \(page.offset)) page ON page.id = r.id
        ORDER BY \(order)
        """
    }

    /// A patient's appointment, as far as a review depends on it.
    func visit(_ appointment: AppointmentID, of patient: PatientID) throws -> Visit? {
        try db.first(
            """
            SELECT a.doctor_id, a.status FROM appointments a
            WHERE a.id = \(appointment) AND a.patient_id = \(patient) AND a.deleted_at IS NULL
            """)
    }

    struct Visit: RowDecodable {
        let doctor: DoctorID
        let status: AppointmentStatus

        init(row: Row) throws {
            doctor = try row.value("doctor_id")
            status = try row.value("status")
        }
    }

    /// `false` when the appointment has a review.
    func insert(
        _ id: ReviewID, _ new: NewReview, of patient: PatientID, doctor: DoctorID, comment: [UInt8]?, on day: LocalDate,
        at now: Instant
    ) throws -> Bool {
        try db.run(
            """
            INSERT INTO reviews (id, appointment_id, patient_id, doctor_id, rating, comment, is_anonymous, created_on,
                                 created_at, updated_at)
            VALUES (\(id), \(new.appointment), \(patient), \(doctor), \(new.rating), \(comment), \(new.isAnonymous),
                    \(day), \(now), \(now))
            ON CONFLICT (appointment_id) DO NOTHING
            """) == 1
    }

    func update(_ id: ReviewID, rating: Int, comment: [UInt8]?, isAnonymous: Bool, at now: Instant) throws {
        try db.run(
            """
            UPDATE reviews SET rating = \(rating), comment = \(comment), is_anonymous = \(isAnonymous),
                               updated_at = \(now)
            WHERE id = \(id)
            """)
    }

    func delete(_ id: ReviewID) throws {
        try db.run("DELETE FROM reviews WHERE id = \(id)")
    }

    /// What tells an appointment, alias `a`, that waits for a review.
    static let isMissing: SQL = "NOT EXISTS (SELECT 1 FROM reviews r WHERE r.appointment_id = a.id)"

    func knows(_ doctor: DoctorID) throws -> Bool {
        try db.exists("SELECT 1 FROM doctors WHERE id = \(doctor)")
    }

    func knows(_ patient: PatientID) throws -> Bool {
        try db.exists("SELECT 1 FROM patients WHERE id = \(patient)")
    }
}
