import CareSyncCore
import CareSyncTesting
import Directory
import HTTPTypes
import Testing

@testable import Scheduling

@Suite("Offered means bookable")
struct SlotPropertyTests {
    @Test("the engine offers what a plain model offers, and lets through exactly what it offers")
    func engine() throws {
        let random = SeededRandom(seed: UInt64.random(in: 1...UInt64.max))
        let zones = try Dictionary(uniqueKeysWithValues: Schedule.zones.map { ($0, try #require(ClinicZone($0))) })
        for _ in 0..<TestLength.choose(short: 3_000, long: 100_000) {
            let schedule = Schedule.random(random)
            let salt = random.next()
            guard Self.fails(schedule, zones, salt) else { continue }
            let smallest = schedule.shrunk { Self.fails($0, zones, salt) }
            let offered = zones[smallest.zone].map { smallest.policy($0).free(on: smallest.date) } ?? []
            Issue.record(
                """
                seed \(random.seed): \(smallest)
                engine: \(offered.map(\.interval.start).sorted())
                model:  \(ScheduleModel(smallest)?.offered.sorted() ?? [])
                """)
            return
        }
    }

    @Test("a model with a mistake in it is noticed, and the schedule that shows it is small")
    func negativeControl() throws {
        let zone = try #require(ClinicZone("UTC"))
        let random = SeededRandom(seed: 7)
        // The mistake: appointments that touch count as overlapping.
        func fails(_ schedule: Schedule) -> Bool {
            var wrong = schedule
            wrong.zone = "UTC"
            wrong.doctorBusy = wrong.doctorBusy.map { .init(start: $0.start, end: $0.end + 1) }
            var right = schedule
            right.zone = "UTC"
            return ScheduleModel(wrong)?.offered
                != Set(right.policy(zone).free(on: schedule.date).map(\.interval.start))
        }
        let schedules = (0..<3_000).map { _ in Schedule.random(random) }
        let found = try #require(schedules.first(where: fails))
        let smallest = found.shrunk(fails)
        #expect(smallest.doctorBusy.count == 1)
        #expect(smallest.patientBusy.isEmpty)
        #expect(smallest.leaves.isEmpty)
    }

    private static func fails(_ schedule: Schedule, _ zones: [String: ClinicZone], _ salt: UInt64) -> Bool {
        guard let zone = zones[schedule.zone], let model = ScheduleModel(schedule) else { return false }
        let policy = schedule.policy(zone)
        let offered = Set(policy.free(on: schedule.date).map(\.interval.start))
        guard offered == model.offered else { return true }
        // Every offered start is let through; of the others, some twenty are tried, on the grid and off it.
        let probe = SeededRandom(seed: salt)
        let others = (0..<20).map { _ in
            zone.startOfDay(schedule.date) + .minutes(Int64(probe.below(48) * 30 + (probe.below(3) == 0 ? 7 : 0)))
        }
        return (Array(offered) + others).contains { start in
            guard zone.date(at: start) == schedule.date else { return false }
            return ((try? policy.slot(startingAt: start)) != nil) != offered.contains(start)
        }
    }

    @Test(
        "through the whole system: what is offered books, what is refused was not offered",
        arguments: DatabaseKind.available)
    func system(kind: DatabaseKind) async throws {
        try await withClinic(kind, environment: unlimited) { clinic in
            try await clinic.charge()
            let admin = try await clinic.app.admin()
            let seed = UInt64.random(in: 1...UInt64.max)
            let random = SeededRandom(seed: seed)
            for round in 0..<TestLength.choose(short: 12, long: 400) {
                let patients = try await clinic.app.crowd(3)
                let day = LocalDate(daysSinceEpoch: 20_530 + round % 150).description
                try await Self.disturb(clinic, admin, day, random)
                for _ in 0..<8 {
                    let patient = patients[random.below(patients.count)]
                    let offered = try await clinic.slots(on: day, as: patient)
                    let asked =
                        offered.isEmpty || random.below(2) == 0
                        ? "\(Self.two(random.below(24))):\(Self.two(random.below(12) * 5))"
                        : offered[random.below(offered.count)]
                    let answer = try await clinic.book("\(day)T\(asked):00", as: patient)
                    #expect(
                        (answer.status == 200) == offered.contains(asked),
                        "seed \(seed), round \(round), \(day) \(asked): \(answer.text) of \(offered)")
                }
                clinic.app.time.advance(by: .seconds(1))
            }
        }
    }

    /// Changes hours, buffers, leaves, holidays, holds and the payment policy at random.
    private static func disturb(_ clinic: Clinic, _ admin: TestUser, _ day: String, _ random: SeededRandom) async throws
    {
        let start = random.below(10)
        let policy = random.below(3) == 0 ? "PREPAY" : "PAY_LATER"
        let pause = random.below(2) == 0 ? "" : "{\"start\":\"\(two(start + 1)):10\",\"end\":\"\(two(start + 1)):35\"}"
        let days = (1...7).map {
            """
            {"weekday":\($0),"windows":[{"start":"\(two(start)):00","end":"\(two(start + 3)):00"},\
            {"start":"\(two(start + 4)):15","end":"\(two(start + 8)):00"}],"breaks":[\(pause)]}
            """
        }
        _ = try await clinic.setHours(
            """
            {"days":[\(days.joined(separator: ","))],"slotMinutes":\([15, 20, 30, 45, 60][random.below(5)]),\
            "bufferBeforeMinutes":\(random.below(2) * 5),"bufferAfterMinutes":\(random.below(3) * 5),\
            "minimumNoticeMinutes":\(random.below(2) * 600),"paymentPolicy":"\(policy)"}
            """, as: admin)
        if random.below(6) == 0 { _ = try await clinic.addLeave(day, day, affected: "keep") }
        let holidays = random.below(6) == 0 ? "{\"date\":\"\(day)\",\"name\":\"Closed\"}" : ""
        _ = try await clinic.app.send(
            .put, "/api/clinic/holidays", as: admin, body: "{\"holidays\":[\(holidays)]}")
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
