import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

/// Many callers at once, and a checker that looks at the table alone and knows nothing of the service.
@Suite("Booking races")
struct BookingRaceTests {
    private static let racers = 500

    @Test("of 500 racers for one slot exactly one wins", arguments: DatabaseKind.available)
    func oneSlot(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let patients = try await clinic.crowd(Self.racers)
            let statuses = try await race(patients) { try await clinic.book(as: $0).status }
            #expect(statuses.filter { $0 == 200 }.count == 1)
            #expect(statuses.filter { $0 == 409 }.count == Self.racers - 1)
            #expect(try await clinic.rows() == 1)
            #expect(try await clinic.overlaps() == 0)
        }
    }

    @Test("mixed bookings, cancellations and status changes never overlap", arguments: DatabaseKind.available)
    func mixed(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let colleague = try await clinic.app.registerDoctor()
            let patients = try await clinic.crowd(40)
            let times = try await clinic.slots().prefix(6).map { "\(Clinic.day)T\($0):00" }
            let turns = (0..<Self.racers).map { $0 }
            let statuses = try await race(turns) { turn -> Int in
                let patient = patients[turn % patients.count]
                let doctor = turn % 3 == 0 ? colleague : clinic.doctor
                let answer = try await clinic.book(times[turn % times.count], as: patient, doctor: doctor)
                guard answer.status == 200, let id = answer["appointmentId"].int else { return answer.status }
                switch turn % 4 {
                case 0: return try await clinic.app.delete("/api/appointments/patient/\(id)", as: patient).status
                case 1: return try await clinic.move(id, "confirm", as: doctor).status
                case 2: return try await clinic.move(id, "cancel", as: doctor).status
                default: return answer.status
                }
            }
            #expect(Set(statuses).isSubset(of: [200, 409]))
            #expect(try await clinic.overlaps() == 0)
        }
    }

    @Test("the same race without the constraint is caught overlapping", arguments: DatabaseKind.available)
    func negativeControl(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.dropOverlapRules()
            let patients = try await clinic.crowd(20)
            let statuses = try await race(patients) { try await clinic.book(as: $0).status }
            #expect(statuses.filter { $0 == 200 }.count > 1)
            #expect(try await clinic.overlaps() > 0)
        }
    }

    @Test(
        "of 100 parallel bookings with one key, one is made and all get its answer", arguments: DatabaseKind.available)
    func oneKey(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let answers = try await race(Array(0..<100)) { _ in try await clinic.book(key: "double-click") }
            #expect(Set(answers.map(\.status)) == [200])
            #expect(Set(answers.map(\.text)).count == 1)
            #expect(try await clinic.rows() == 1)
        }
    }

    /// Runs `body` for every caller at once.
    private func race<Caller: Sendable, Result: Sendable>(
        _ callers: [Caller], _ body: @escaping @Sendable (Caller) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: Result.self) { group in
            for caller in callers { group.addTask { try await body(caller) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}

extension Clinic {
    /// Many patients.
    fileprivate func crowd(_ count: Int) async throws -> [TestUser] {
        try await app.crowd(count)
    }

    /// Pairs of active appointments of one doctor, or of one patient, that overlap.
    fileprivate func overlaps() async throws -> Int {
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

    fileprivate func dropOverlapRules() async throws {
        try await app.database.write { db in
            let statements: [SQL] =
                db.dialect == .postgres
                ? [
                    "ALTER TABLE appointments DROP CONSTRAINT appointments_doctor_overlap",
                    "ALTER TABLE appointments DROP CONSTRAINT appointments_patient_overlap",
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
}
