import CareSyncCore
import CareSyncTesting
import FeatureContract
import Persistence
import Testing

@testable import Scheduling

/// Late money for a hold that the system has ended, against somebody else who asks for the same time.
@Suite("Late money against a booking")
struct LateMoneyRaceTests {
    private static let rounds = TestLength.choose(short: 20, long: 400)

    @Test("one of the two gets the time, and the other one is told so", arguments: DatabaseKind.available)
    func oneWinner(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            let outcomes = try await Self.outcomes(clinic) { try await clinic.capture($0) }
            for outcome in outcomes {
                #expect(outcome.isRevived != outcome.isBooked, "\(outcome)")
                #expect(outcome.status == (outcome.isRevived ? "CONFIRMED" : "CANCELLED"), "\(outcome)")
                #expect(!outcome.hasFailed)
            }
            #expect(try await clinic.overlaps() == 0)
        }
    }

    /// On SQLite one transaction writes at a time, so there is nothing to show.
    @Test(
        "without the doctor's row the schema has to stop the money, and the payment fails",
        .enabled(if: DatabaseKind.available.contains(.postgres)))
    func negativeControl() async throws {
        try await withClinic(.postgres) { clinic in
            let outcomes = try await Self.outcomes(clinic, most: 300, untilFailure: true) { id in
                try await clinic.app.database.write { [zone = clinic.app.zone] db in
                    try AppointmentPayable(zone: zone).settle(Int64(id), origin: .system("payment"), db)
                }
            }
            #expect(outcomes.last?.hasFailed == true)
            #expect(try await clinic.overlaps() == 0)
        }
    }

    private struct Outcome: Sendable {
        var isRevived = false
        var isBooked = false
        var hasFailed = false
        var status: String?
    }

    private static func outcomes(
        _ clinic: Clinic, most: Int = rounds, untilFailure: Bool = false,
        pay: @escaping @Sendable (Int) async throws -> Bool
    ) async throws -> [Outcome] {
        try await clinic.wantPrepayment()
        var outcomes: [Outcome] = []
        for round in 0..<most where !untilFailure || !outcomes.contains(where: \.hasFailed) {
            let day = LocalDate(daysSinceEpoch: 20_530 + round % 150).description
            let time = "\(day)T\(["09:00", "10:00", "11:00"][round / 150]):00"
            let patients = try await clinic.app.crowd(2)
            let held = try #require(try await clinic.book(time, as: patients[0])["appointmentId"].int)
            clinic.app.time.advance(by: .minutes(10))
            try await clinic.app.runDueWork()
            let told = try await race(round.isMultiple(of: 2) ? [0, 1] : [1, 0]) { who -> Outcome in
                guard who == 0 else {
                    return Outcome(isBooked: try await clinic.book(time, as: patients[1]).status == 200)
                }
                do { return Outcome(isRevived: try await pay(held)) } catch { return Outcome(hasFailed: true) }
            }
            outcomes.append(
                Outcome(
                    isRevived: told.contains(where: \.isRevived), isBooked: told.contains(where: \.isBooked),
                    hasFailed: told.contains(where: \.hasFailed), status: try await clinic.status(held)))
        }
        return outcomes
    }
}
