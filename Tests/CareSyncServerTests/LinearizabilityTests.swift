import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Persistence
import Testing

/// Clients book, cancel, move and look while the server is killed; afterwards each recorded history must be explained by
/// one order of its steps.
@Suite("Linearizability")
struct LinearizabilityTests {
    /// Histories that run at once, each on a day of its own.
    private static let together = 8
    private static let lives = TestLength.choose(short: 3, long: 125)

    @Test("histories with crashes are those of a set of intervals", arguments: DatabaseKind.available)
    func histories(kind: DatabaseKind) async throws {
        try await withTestDatabase(kind, migrations: try Schema.ledger()) { test in
            let server = try LiveServer(environment: ["DATABASE_URL": test.address])
            #expect(try await server.command(["seed", "--demo"]).status == 0)
            try await server.start()
            // Every visit has patients of its own: nobody is kept from a slot by what happens in another visit.
            let patients = try await LoadPatient.tokens(4 * Self.together, server, test.database)
            let doctors: [Int64] = try await test.database.read { db in
                try db.values("SELECT id FROM doctors WHERE is_verified ORDER BY id DESC LIMIT \(Self.together)")
            }
            let random = SeededRandom(seed: UInt64.random(in: 1...UInt64.max))
            var unknown = 0
            for life in 0..<Self.lives {
                let visits = doctors.enumerated().map { index, doctor in
                    HistoryVisit(
                        server: server, patients: Array(patients[(4 * index)..<(4 * index + 4)]), doctor: doctor,
                        day: 40 + life, seed: random.next())
                }
                let killAt = 5 + random.below(Self.together * 10)
                let histories = try await Self.live(visits, killAt, server)
                for history in histories {
                    unknown += history.steps.filter { $0.outcome == .unknown }.count
                    #expect(
                        LinearizabilityChecker.explains(history), "seed \(random.seed), life \(life): \(history.steps)")
                }
            }
            // The crashes hit something.
            #expect(unknown > 0)
            await server.stop()
        }
    }

    /// One life of the server: the visits go on until it is killed, and end on the next one.
    private static func live(
        _ visits: [HistoryVisit], _ killAt: Int, _ server: LiveServer
    ) async throws -> [BookingHistory] {
        let answers = ResponseCount()
        await withTaskGroup(of: Void.self) { group in
            for visit in visits {
                group.addTask {
                    await visit.run { if answers.add() == killAt { await server.kill() } }
                }
            }
        }
        await server.kill()
        try await server.start()
        for visit in visits { await visit.look() }
        return visits.map { $0.recorder.history(slots: HistoryVisit.slots.count) }
    }

    // MARK: - The checker itself

    private func history(_ steps: [(BookingHistory.Action, BookingHistory.Outcome, Int, Int)]) -> BookingHistory {
        BookingHistory(
            slots: 2,
            steps: steps.map { BookingHistory.Step(action: $0.0, outcome: $0.1, began: $0.2, ended: $0.3) })
    }

    @Test("the checker accepts what can be explained")
    func accepts() {
        #expect(
            LinearizabilityChecker.explains(
                history([
                    (.book(slot: 0), .booked(1), 1, 4), (.book(slot: 0), .refused, 2, 3), (.list, .free([1]), 5, 6),
                    (.move(appointment: 1, slot: 1), .done, 7, 8), (.list, .free([0]), 9, 10),
                    (.cancel(appointment: 1), .unknown, 11, .max), (.list, .free([0]), 12, 13),
                    (.list, .free([0, 1]), 14, 15),
                ])))
        #expect(
            LinearizabilityChecker.explains(
                history([(.book(slot: 0), .unknown, 1, .max), (.book(slot: 0), .refused, 2, 3)])))
    }

    @Test(
        "the checker finds double booking, lost bookings, groundless refusals and stale lists",
        arguments: [
            [
                (BookingHistory.Action.book(slot: 0), BookingHistory.Outcome.booked(1), 1, 3),
                (.book(slot: 0), .booked(2), 2, 4),
            ],
            [(.book(slot: 0), .booked(1), 1, 2), (.list, .free([0, 1]), 3, 4)],
            [(.book(slot: 0), .refused, 1, 2), (.book(slot: 0), .booked(1), 3, 4)],
            [(.book(slot: 0), .booked(1), 1, 2), (.cancel(appointment: 1), .done, 3, 4), (.list, .free([1]), 5, 6)],
            [(.book(slot: 0), .unknown, 1, .max), (.list, .free([1]), 2, 3), (.list, .free([0, 1]), 4, 5)],
            [
                (.book(slot: 0), .booked(1), 1, 2), (.book(slot: 1), .booked(2), 3, 4),
                (.move(appointment: 1, slot: 1), .done, 5, 6),
            ],
        ] as [[(BookingHistory.Action, BookingHistory.Outcome, Int, Int)]])
    func refuses(steps: [(BookingHistory.Action, BookingHistory.Outcome, Int, Int)]) {
        #expect(!LinearizabilityChecker.explains(history(steps)))
    }
}
