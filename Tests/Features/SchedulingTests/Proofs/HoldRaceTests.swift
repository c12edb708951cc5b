import CareSyncCore
import CareSyncTesting
import Testing

/// A hold runs out at the moment at which its payment comes and somebody else asks for the slot: in whatever order the
/// three happen, one of them gets it, and everybody is told the truth.
@Suite("Hold expiry against late payment")
struct HoldRaceTests {
    private enum Told: Sendable, Equatable {
        case captured(Bool)
        case timer
        case booked(Int)
    }

    @Test(
        "payment, timer and another patient at once: one winner, and no false answer", arguments: DatabaseKind.available
    )
    func atOnce(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            var captures = 0
            let rounds = TestLength.choose(short: 12, long: 300)
            for round in 0..<rounds {
                let day = LocalDate(daysSinceEpoch: 20_530 + round % 150).description
                let time = "\(day)T\(["09:00", "10:00"][round / 150]):00"
                let patients = try await clinic.app.crowd(2)
                let held = try #require(try await clinic.book(time, as: patients[0])["appointmentId"].int)
                clinic.app.time.advance(by: .minutes(10))
                let told = try await race([round % 3, (round + 1) % 3, (round + 2) % 3]) { who -> Told in
                    switch who {
                    case 0: return .captured(try await clinic.capture(held))
                    case 1:
                        try await clinic.app.runDueWork()
                        return .timer
                    default: return .booked(try await clinic.book(time, as: patients[1]).status)
                    }
                }
                let isCaptured = told.contains(.captured(true))
                captures += isCaptured ? 1 : 0
                try await clinic.app.runDueWork()
                #expect(try await clinic.status(held) == (isCaptured ? "CONFIRMED" : "CANCELLED"), "\(told)")
                #expect(told.contains(.booked(isCaptured ? 409 : 200)), "\(told)")
                #expect(try await clinic.overlaps() == 0)
                let settled = try await clinic.audited(held).compactMap(\.self).filter {
                    $0 == "CONFIRMED" || $0 == "CANCELLED"
                }
                // The timer may have ended it before the payment brought it back; all of it is of one moment.
                #expect(settled.contains("CONFIRMED") == isCaptured && !settled.isEmpty, "\(settled)")
                #expect(settled.count == Set(settled).count, "\(settled)")
            }
            #expect(captures > 0)
        }
    }

    @Test("both orders, one after the other", arguments: DatabaseKind.available)
    func bothOrders(kind: DatabaseKind) async throws {
        try await withClinic(kind) { clinic in
            try await clinic.wantPrepayment()
            let patients = try await clinic.app.crowd(2)
            for paymentIsFirst in [true, false] {
                let time = paymentIsFirst ? "2026-03-11T10:00:00" : "2026-03-11T11:00:00"
                let held = try #require(try await clinic.book(time, as: patients[0])["appointmentId"].int)
                clinic.app.time.advance(by: .minutes(10))
                if paymentIsFirst {
                    #expect(try await clinic.capture(held))
                    try await clinic.app.runDueWork()
                } else {
                    try await clinic.app.runDueWork()
                    #expect(try await clinic.book(time, as: try await clinic.app.crowd(1)[0]).status == 200)
                    #expect(try await !clinic.capture(held))
                }
                #expect(try await clinic.status(held) == (paymentIsFirst ? "CONFIRMED" : "CANCELLED"))
                #expect(try await clinic.book(time, as: try await clinic.app.crowd(1)[0]).status == 409)
            }
        }
    }
}
