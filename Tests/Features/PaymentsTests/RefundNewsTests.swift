import CareSyncCore
import CareSyncTesting
import Foundation
import Persistence
import Testing

@testable import Payments
@testable import Razorpay

/// What the vendor tells of refunds, in every order.
@Suite("News of refunds")
struct RefundNewsTests {
    private struct News {
        let id: String
        let rupees: Int64
        let status: RazorpayRefund.Status
    }

    private static func orders<Item>(_ items: [Item]) -> [[Item]] {
        guard items.count > 1 else { return [items] }
        return items.indices.flatMap { index -> [[Item]] in
            var rest = items
            let first = rest.remove(at: index)
            return orders(rest).map { [first] + $0 }
        }
    }

    @Test("what is owed stays before a person, whatever smaller sum went back since", arguments: DatabaseKind.available)
    func owed(kind: DatabaseKind) async throws {
        try await withPurse(kind) { purse in
            let paid = try await purse.plant()
            _ = try await purse.request(500, of: paid, key: "whole-refund")
            try await purse.tell("rfnd_1", 500, of: paid, .failed)
            #expect(try await purse.review().map(\.kind) == [.refundFailed])
            purse.app.time.advance(by: .minutes(1))
            _ = try await purse.request(100, of: paid, key: "small-refund")
            try await purse.tell("rfnd_2", 100, of: paid, .processed)
            #expect(try await purse.review().map(\.kind) == [.refundFailed])
            _ = try await purse.request(400, of: paid, key: "rest-refund")
            try await purse.tell("rfnd_3", 400, of: paid, .processed)
            #expect(try await purse.review().isEmpty)
            // More than can ever have come in is no sum; nothing adds it up.
            #expect(try await purse.tell("rfnd_4", .max / 100, of: paid, .processed) == .review)
        }
    }

    /// SQLite has one writer, so there nobody is between the look and the row.
    @Test(
        "one sum told for two payments at once pays one of them",
        arguments: DatabaseKind.available.filter { $0 == .postgres })
    func oneSum(kind: DatabaseKind) async throws {
        try await withPurse(kind) { purse in
            let payments = [
                try await purse.plant(status: .pending, capture: nil),
                try await purse.plant(status: .pending, capture: nil),
            ]
            let sum = RazorpayPayment(
                id: "manual-UTR-1", amount: 50_000, currency: "INR", status: .captured, captured: true, orderID: nil,
                method: "upi")
            let (isTold, tell) = AsyncStream.makeStream(of: Void.self)
            func told(_ paid: Purse.Paid, staying: Bool) async throws -> Settlement.Outcome {
                try await purse.database.write { [context = purse.context] db in
                    guard let payment = try PaymentRepository(db: db).find(paid.id) else { throw Problem.fault }
                    let outcome = try Settlement(context: context)
                        .captured(sum, of: payment, origin: Purse.origin, db)
                    tell.yield()
                    // Long enough for the other one to have looked before this one commits.
                    if staying { usleep(500_000) }
                    return outcome
                }
            }
            async let first = told(payments[0], staying: true)
            for await _ in isTold { break }
            let second = try await told(payments[1], staying: false)
            #expect(try await first == .confirmed)
            #expect(second == .known)
            #expect(try await purse.payment(payments[1]).status == .pending)
            #expect(try await purse.balance().isEven)
        }
    }

    @Test("money that came twice goes back without a word about the payment", arguments: DatabaseKind.available)
    func twice(kind: DatabaseKind) async throws {
        try await withPurse(kind) { purse in
            let paid = try await purse.plant(order: "order_twice")
            let again = RazorpayPayment(
                id: "pay_again", amount: 50_000, currency: "INR", status: .captured, captured: true,
                orderID: "order_twice", method: "upi")
            let outcome = try await purse.database.write { [context = purse.context] db in
                try Settlement(context: context).captured(again, origin: Purse.origin, db)
            }
            #expect(outcome == .returned)
            #expect(try await purse.payment(paid).refundStatus == .notRefunded)
            try await purse.tell(
                "rfnd_again", 500,
                of: Purse.Paid(id: paid.id, transaction: paid.transaction, gatewayPayment: "pay_again"), .processed)
            let payment = try await purse.payment(paid)
            #expect(payment.status == .success && payment.refundStatus == .notRefunded && payment.refunded == .zero)
            #expect(try await purse.balance().isEven)
        }
    }

    @Test("a whole refund ends refunded in every order of its events", arguments: DatabaseKind.available)
    func everyOrder(kind: DatabaseKind) async throws {
        try await withPurse(kind) { purse in
            let news = [
                News(id: "rfnd_1", rupees: 500, status: .pending), News(id: "rfnd_1", rupees: 500, status: .processed),
                News(id: "rfnd_1", rupees: 500, status: .processed), News(id: "rfnd_1", rupees: 500, status: .failed),
            ]
            for (number, order) in Self.orders(news).enumerated() {
                let paid = try await purse.plant(payable: Int64(number + 1))
                _ = try await purse.request(500, of: paid, key: "refund-\(paid.gatewayPayment)")
                for told in order {
                    try await purse.tell("rfnd_\(number)", told.rupees, of: paid, told.status)
                }
                let payment = try await purse.payment(paid)
                #expect(payment.status == .refunded && payment.refundStatus == .refunded)
                #expect(payment.refunded == payment.amount)
                #expect(try await purse.refunds(of: paid).map(\.status) == [.refunded])
            }
            #expect(purse.payable.refunded == (1...24).map { Int64($0) })
            let balance = try await purse.balance()
            #expect(balance.isEven && balance.confirmed == .zero && balance.captured == Money(minorUnits: 1_200_000))
        }
    }

    @Test("two partial refunds of one sum come out as two, however their events mix", arguments: DatabaseKind.available)
    func twoOfOneSum(kind: DatabaseKind) async throws {
        try await withPurse(kind) { purse in
            let news = [
                News(id: "a", rupees: 200, status: .pending), News(id: "b", rupees: 200, status: .pending),
                News(id: "a", rupees: 200, status: .processed), News(id: "b", rupees: 200, status: .processed),
            ]
            for (number, order) in Self.orders(news).enumerated() {
                let paid = try await purse.plant(payable: Int64(number + 1))
                let first = try await purse.request(200, of: paid, key: "first-\(number)")
                let second = try await purse.request(200, of: paid, key: "second-\(number)")
                for told in order { try await purse.tell("\(told.id)\(number)", told.rupees, of: paid, told.status) }
                // The answers of the calls come last, and may name the other's number.
                try await purse.database.write { [context = purse.context] db in
                    for (row, name) in [(first, "b"), (second, "a")] {
                        let answer = RazorpayRefund(
                            id: "\(name)\(number)", amount: 20_000, currency: "INR", paymentID: paid.gatewayPayment,
                            status: .pending)
                        try Refunds(context: context).answered(row, by: answer, origin: Purse.origin, db)
                    }
                }
                let payment = try await purse.payment(paid)
                #expect(payment.status == .partialRefund && payment.refunded == Money(minorUnits: 40_000))
                #expect(try await purse.refunds(of: paid).map(\.status) == [.refunded, .refunded])
            }
            #expect(purse.payable.refunded.isEmpty)
            #expect(try await purse.balance().isEven)
        }
    }

    @Test("a refund made at the vendor counts, and one that is too large waits for a person")
    func madeAtTheVendor() async throws {
        try await withPurse { purse in
            let paid = try await purse.plant()
            #expect(try await purse.tell("rfnd_1", 300, of: paid, .processed) == .applied)
            #expect(try await purse.tell("rfnd_1", 300, of: paid, .processed) == .known)
            #expect(try await purse.tell("rfnd_1", 200, of: paid, .processed) == .review)
            #expect(try await purse.tell("rfnd_2", 201, of: paid, .processed) == .review)
            #expect(try await purse.payment(paid).refunded == Money(minorUnits: 30_000))
            let unknown = Purse.Paid(id: paid.id, transaction: paid.transaction, gatewayPayment: "pay_unknown")
            #expect(try await purse.tell("rfnd_3", 1, of: unknown, .processed) == .review)
            #expect(try await purse.balance().isEven)
        }
    }

    @Test("a failed refund is shown for review until the money is asked back again")
    func failedRefund() async throws {
        try await withPurse { purse in
            let paid = try await purse.plant()
            _ = try await purse.request(500, of: paid)
            try await purse.tell("rfnd_1", 500, of: paid, .failed)
            #expect(try await purse.payment(paid).refundStatus == .failed)
            #expect(try await purse.payment(paid).status == .success)
            #expect(try await purse.review().map(\.kind) == [.refundFailed])
            purse.app.time.advance(by: .seconds(1))
            _ = try await purse.request(500, of: paid, key: "refund-key-2")
            #expect(try await purse.review().isEmpty)
            try await purse.tell("rfnd_2", 500, of: paid, .processed)
            #expect(try await purse.payment(paid).status == .refunded)
        }
    }

    @Test("money that nothing needed and that went back whole leaves its payment refunded")
    func returnedMoney() async throws {
        try await withPurse { purse in
            let paid = try await purse.plant(status: .cancelled, capture: .returned)
            _ = try await purse.request(500, of: paid)
            #expect(try await purse.balance().inReview == Money(minorUnits: 50_000))
            try await purse.tell("rfnd_1", 500, of: paid, .processed)
            #expect(try await purse.payment(paid).status == .refunded)
            let balance = try await purse.balance()
            #expect(balance.isEven && balance.refunded == Money(minorUnits: 50_000) && balance.inReview == .zero)
        }
    }
}
