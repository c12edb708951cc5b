import CareSyncCore
import CareSyncTesting
import Persistence

/// Runs `body` for every caller at once.
func race<Caller: Sendable, Result: Sendable>(
    _ callers: [Caller], _ body: @escaping @Sendable (Caller) async throws -> Result
) async throws -> [Result] {
    try await withThrowingTaskGroup(of: Result.self) { group in
        for caller in callers { group.addTask { try await body(caller) } }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}

extension Clinic {
    /// Many patients.
    func crowd(_ count: Int) async throws -> [TestUser] {
        try await app.crowd(count)
    }

    /// Pairs of active appointments of one doctor, or of one patient, that overlap.
    func overlaps() async throws -> Int {
        try await app.database.read { db in
            let occupying: SQL = "is_active AND status IN ('BOOKED', 'SCHEDULED', 'CONFIRMED', 'IN_PROGRESS')"
            return try db.value(
                """
                SELECT count(*) FROM (SELECT * FROM appointments WHERE \(occupying)) a
                JOIN (SELECT * FROM appointments WHERE \(occupying)) b
                  ON a.id < b.id AND (a.doctor_id = b.doctor_id OR a.patient_id = b.patient_id)
                 AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
                """) ?? 0
        }
    }

    func dropOverlapRules() async throws {
        try await app.database.write { db in
            let statements: [SQL] =
                db.dialect == .postgres
                // Bookings name the doctor's, so one of that name stays, which nothing breaks.
                ? [
                    "ALTER TABLE appointments DROP CONSTRAINT appointments_doctor_overlap",
                    "ALTER TABLE appointments DROP CONSTRAINT appointments_patient_overlap",
                    """
                    ALTER TABLE appointments ADD CONSTRAINT appointments_doctor_overlap
                    EXCLUDE USING gist (doctor_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (id < 0)
                    """,
                ]
                : [
                    "DROP TRIGGER appointments_doctor_overlap_INSERT",
                    "DROP TRIGGER appointments_patient_overlap_INSERT",
                    "DROP TRIGGER appointments_doctor_overlap_UPDATE",
                    "DROP TRIGGER appointments_patient_overlap_UPDATE",
                ]
            for statement in statements { try db.run(statement) }
        }
    }

    func clearLeaves() async throws {
        try await app.database.write { db in _ = try db.run("DELETE FROM doctor_leaves") }
    }

    /// Planned appointments of a doctor that begin before the gap behind the one before has passed.
    func tooClose(to doctor: TestUser, gap: TimeSpan) async throws -> Int {
        let id = doctor.doctorID
        let now = app.time.now
        let taken: [TakenTime] = try await app.database.read { db in
            try db.all(
                """
                SELECT doctor_id, starts_at, ends_at FROM appointments
                WHERE doctor_id = \(id) AND is_active AND NOT is_emergency
                  AND status IN ('BOOKED', 'SCHEDULED', 'CONFIRMED', 'IN_PROGRESS')
                  AND (held_until IS NULL OR held_until > \(now))
                ORDER BY starts_at
                """)
        }
        return zip(taken, taken.dropFirst()).filter { $1.start < $0.end + gap }.count
    }

    /// Active appointments on days on which their doctor is on leave.
    func appointmentsOnLeave() async throws -> Int {
        let zone = app.zone
        let (taken, leaves) = try await app.database.read { db in
            (
                try db.all(
                    """
                    SELECT doctor_id, starts_at, ends_at FROM appointments
                    WHERE is_active AND status IN ('BOOKED', 'SCHEDULED', 'CONFIRMED')
                    """) as [TakenTime],
                try db.all("SELECT doctor_id, start_date, end_date FROM doctor_leaves") as [AwayDays]
            )
        }
        return taken.filter { time in
            let date = zone.date(at: time.start)
            return leaves.contains { $0.doctor == time.doctor && $0.first <= date && date <= $0.last }
        }.count
    }
}

private struct TakenTime: RowDecodable {
    let doctor: DoctorID
    let start: Instant
    let end: Instant

    init(row: Row) throws {
        doctor = try row.value("doctor_id")
        start = try row.value("starts_at")
        end = try row.value("ends_at")
    }
}

private struct AwayDays: RowDecodable {
    let doctor: DoctorID
    let first: LocalDate
    let last: LocalDate

    init(row: Row) throws {
        doctor = try row.value("doctor_id")
        first = try row.value("start_date")
        last = try row.value("end_date")
    }
}
