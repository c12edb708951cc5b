import CareSyncCore
import CareSyncTesting
import FeatureContract
import Persistence
import Testing

@testable import Payments
@testable import Razorpay

/// What goes back when something paid for ends before it took place.
@Suite("What ends gives money back")
struct RefundPolicyTests {
    private func end(
        _ number: Int64, by side: PayableEnded.Side, in hours: Int64?, _ purse: Purse
    ) async throws {
        try await purse.database.write { [context = purse.context] db in
            try RefundPolicy(context: context).ended(
                PayableEnded(
                    PayableID(.appointment, number), by: side, startsAt: hours.map { db.now + .hours($0) },
                    origin: Purse.origin), db)
        }
    }

    @Test(
        "the terms decide for a patient, and a clinic gives everything back",
        arguments: [
            (PayableEnded.Side.patient, 24, 500), (.patient, 23, 250), (.patient, 2, 250), (.patient, 1, 0),
            (.clinic, 1, 500), (.patient, nil, 500),
        ] as [(PayableEnded.Side, Int64?, Int64)])
    func terms(side: PayableEnded.Side, hours: Int64?, rupees: Int64) async throws {
        try await withPurse { purse in
            let paid = try await purse.plant(payable: 7)
            try await end(7, by: side, in: hours, purse)
            try await end(7, by: side, in: hours, purse)
            #expect(
                try await purse.refunds(of: paid).map(\.amount)
                    == (rupees == 0 ? [] : [Money(minorUnits: rupees * 100)])
            )
            #expect(try await purse.payment(paid).refundStatus == (rupees == 0 ? .notRefunded : .pending))
        }
    }

    @Test("what went back before counts towards the terms", arguments: DatabaseKind.available)
    func partBefore(kind: DatabaseKind) async throws {
        try await withPurse(kind) { purse in
            let paid = try await purse.plant(payable: 7)
            _ = try await purse.request(100, of: paid)
            try await purse.tell("rfnd_1", 100, of: paid, .processed)
            try await end(7, by: .patient, in: 3, purse)
            #expect(try await purse.refunds(of: paid).map(\.amount.minorUnits) == [10_000, 15_000])
        }
    }

    @Test("a payment that waits for its money ends with it", arguments: DatabaseKind.available)
    func open(kind: DatabaseKind) async throws {
        try await withPurse(kind) { purse in
            let waiting = try await purse.plant(status: .processing, capture: nil, payable: 7)
            try await end(7, by: .clinic, in: nil, purse)
            let payment = try await purse.payment(waiting)
            #expect(payment.status == .cancelled && payment.failureReason == "CANCELLED_BY_CLINIC")
            #expect(try await purse.refunds(of: waiting).isEmpty)
        }
    }

    @Test("the patient is told how much goes back")
    func mail() async throws {
        try await withPurse { purse in
            _ = try await purse.plant(payable: 7)
            try await end(7, by: .clinic, in: 5, purse)
            let mails = try await purse.app.sentMails().map(\.subject)
            #expect(mails.contains("Your refund of INR 500.00"))
        }
    }
}
