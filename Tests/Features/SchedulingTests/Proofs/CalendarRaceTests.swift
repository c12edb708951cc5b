import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Synchronization
import Testing

/// Everything that takes, moves or frees time, by many callers at once; a checker that looks at the tables alone judges.
@Suite("Races on every way to take time")
struct CalendarRaceTests {
    private static let racers = TestLength.choose(short: 200, long: 500)
    private static let rounds = TestLength.choose(short: 2, long: 20)

    @Test(
        "bookings, holds, moves, emergencies, desk, status and leave, mixed: no overlap, and no conflict of the database",
        arguments: DatabaseKind.available)
    func mixed(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let crowd = try await RaceCrowd.gather(clinic)
            var answers: [String: [Int: Int]] = [:]
            // Chance may let one way come to nothing for a few rounds; then some more are run.
            let isLucky = { RaceCrowd.actions.allSatisfy { (answers[$0]?[200] ?? 0) > 0 } }
            for round in 0..<Self.rounds + 20 where round < Self.rounds || !isLucky() {
                try await clinic.clearLeaves()
                let statuses = try await race(Array(0..<Self.racers)) { turn in
                    try await crowd.act(round: round, turn: turn)
                }
                for (action, status) in statuses { answers[action, default: [:]][status, default: 0] += 1 }
                #expect(Set(statuses.map(\.status)).isSubset(of: [200, 404, 409]), "round \(round): \(answers)")
                #expect(try await clinic.overlaps() == 0)
                #expect(try await clinic.appointmentsOnLeave() == 0)
                #expect(try await clinic.tooClose(to: crowd.buffered, gap: .minutes(10)) == 0)
                // Holds run out between the rounds.
                clinic.app.time.advance(by: .seconds(31))
            }
            // Every way was gone at least once with success: the race is one.
            for action in RaceCrowd.actions { #expect((answers[action]?[200] ?? 0) > 0, "\(action): \(answers)") }
        }
    }

    @Test("the same race without the schema's rules is caught overlapping", arguments: DatabaseKind.available)
    func negativeControl(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.dropOverlapRules()
            let crowd = try await RaceCrowd.gather(clinic)
            _ = try await race(Array(0..<100)) { turn in try await crowd.act(round: 0, turn: turn) }
            #expect(try await clinic.overlaps() > 0)
        }
    }

    @Test("two patients who swap their times never both lose them", arguments: DatabaseKind.available)
    func swap(kind: DatabaseKind) async throws {
        try await withClinic(kind, environment: unlimited) { clinic in
            let colleague = try await clinic.app.registerDoctor()
            let patients = try await clinic.app.crowd(2)
            for round in 0..<TestLength.choose(short: 10, long: 200) {
                let day = LocalDate(daysSinceEpoch: 20_530 + round % 150).description
                let times = (round < 150 ? ["10:00", "11:00"] : ["15:00", "16:00"]).map { "\(day)T\($0):00" }
                // One appointment each with both doctors, crosswise: moving onto each other's time meets at the doctor
                // and at the patient.
                var ids: [Int] = []
                for (patient, doctor, time) in [
                    (0, clinic.doctor, times[0]), (1, clinic.doctor, times[1]), (0, colleague, times[1]),
                    (1, colleague, times[0]),
                ] {
                    let booked = try await clinic.book(time, as: patients[patient], doctor: doctor)
                    ids.append(try #require(booked["appointmentId"].int))
                }
                let moves = [
                    (ids[0], times[1], 0), (ids[1], times[0], 1), (ids[2], times[0], 0), (ids[3], times[1], 1),
                ]
                let statuses = try await race(moves) { id, time, patient in
                    try await clinic.reschedule(id, to: time, as: patients[patient]).status
                }
                #expect(Set(statuses).isSubset(of: [200, 409]))
                #expect(try await clinic.overlaps() == 0)
                for id in ids { #expect(try await clinic.status(id) == "BOOKED") }
            }
        }
    }
}

/// Callers with everything they need to get into each other's way: few doctors, few slots, many patients.
struct RaceCrowd: Sendable {
    let clinic: Clinic
    let admin: TestUser
    let doctors: [TestUser]
    let patients: [TestUser]
    /// Keeps ten minutes free after each appointment.
    let buffered: TestUser
    let seed: UInt64
    private let made = Made()

    static let actions = [
        "book", "reschedule", "doctor reschedule", "emergency", "release", "desk", "status", "cancel", "leave",
    ]

    static func gather(_ clinic: Clinic) async throws -> RaceCrowd {
        let prepaid = try await clinic.app.registerDoctor()
        try await clinic.charge(prepaid)
        let buffered = try await clinic.app.registerDoctor()
        let days = (1...7).map { #"{"weekday":\#($0),"windows":[{"start":"09:00","end":"13:00"}]}"# }
            .joined(separator: ",")
        _ = try await clinic.setHours(
            #"{"days":[\#(days)],"paymentPolicy":"PREPAY"}"#, as: prepaid, of: prepaid)
        _ = try await clinic.setHours(
            #"{"days":[\#(days)],"slotMinutes":15,"bufferAfterMinutes":10}"#, as: buffered, of: buffered)
        return RaceCrowd(
            clinic: clinic, admin: try await clinic.app.admin(), doctors: [clinic.doctor, prepaid, buffered],
            patients: try await clinic.app.crowd(60), buffered: buffered, seed: clinic.app.random.next())
    }

    /// What was done, and what came of it.
    func act(round: Int, turn: Int) async throws -> (action: String, status: Int) {
        let random = SeededRandom(seed: seed &+ UInt64(round * 100_003 + turn))
        let weights = [30, 18, 10, 6, 6, 10, 10, 4, 6]
        var lot = random.below(100)
        let index = weights.firstIndex { weight in
            lot -= weight
            return lot < 0
        }
        let action = Self.actions[index ?? 0]
        return (action, try await carryOut(action, random))
    }

    private func carryOut(_ action: String, _ random: SeededRandom) async throws -> Int {
        let patient = patients[random.below(patients.count)]
        let doctor = doctors[random.below(doctors.count)]
        let app = clinic.app
        let earlier = made.any(random, with: action == "release" ? doctors[1] : nil)
        switch action {
        case "book": return try await keep(clinic.book(time(random), as: patient, doctor: doctor), patient, doctor)
        case "desk":
            let body =
                #"{"patientId":\#(patient.id),"doctorId":\#(doctor.id),"appointmentDateTime":"\#(time(random))"}"#
            return try await keep(
                app.send(.post, "/api/appointments/admin/book", as: admin, body: body), patient, doctor)
        case "emergency":
            let path = "/api/appointments/patient/book-emergency?doctorId=\(doctor.id)"
            return try await keep(app.send(.post, path, as: patient, body: "{}"), patient, doctor)
        case "leave": return try await leave(doctor, isKept: random.below(2) == 0)
        default: break
        }
        guard let earlier else { return try await keep(clinic.book(time(random), as: patient), patient, clinic.doctor) }
        switch action {
        case "reschedule":
            return try await clinic.reschedule(earlier.id, to: time(random), as: earlier.patient).status
        case "doctor reschedule":
            return try await clinic.reschedule(earlier.id, to: time(random), as: earlier.doctor).status
        case "release":
            return try await app.send(.post, "/api/appointments/\(earlier.id)/hold/release", as: earlier.patient).status
        case "cancel":
            return try await app.delete("/api/appointments/patient/\(earlier.id)", as: earlier.patient).status
        default:
            let step = ["confirm", "status?status=SCHEDULED", "cancel"][random.below(3)]
            return try await clinic.move(earlier.id, step, as: earlier.doctor).status
        }
    }

    /// Eight starts on each of three days, which are on the grid of every doctor.
    private func time(_ random: SeededRandom) -> String {
        let hour = ["09", "10", "11", "12"][random.below(4)]
        return "2026-03-1\(1 + random.below(3))T\(hour):\(["00", "30"][random.below(2)]):00"
    }

    private func keep(
        _ answer: TestResponse, _ patient: TestUser, _ doctor: TestUser
    ) -> Int {
        if let id = answer["appointmentId"].int { made.add(Made.One(id: id, patient: patient, doctor: doctor)) }
        return answer.status
    }

    /// A day off with everything cancelled, and perhaps work again.
    private func leave(_ doctor: TestUser, isKept: Bool) async throws -> Int {
        let added = try await clinic.addLeave("2026-03-12", "2026-03-12", affected: "cancel", as: doctor)
        guard !isKept, let id = added["id"].int else { return added.status }
        return try await clinic.app.delete("/api/doctor-leaves/\(id)", as: doctor).status
    }

    /// What the racers have booked so far.
    final class Made: Sendable {
        struct One: Sendable {
            let id: Int
            let patient: TestUser
            let doctor: TestUser
        }

        private let all = Mutex<[One]>([])

        func add(_ one: One) { all.withLock { $0.append(one) } }

        func any(_ random: SeededRandom, with doctor: TestUser?) -> One? {
            let some = all.withLock { all in all.filter { doctor == nil || $0.doctor.id == doctor?.id } }
            return some.isEmpty ? nil : some[random.below(some.count)]
        }
    }
}
