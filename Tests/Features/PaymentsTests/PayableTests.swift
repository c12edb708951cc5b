import CareSyncCore
import CareSyncTesting
import FeatureContract
import Persistence
import Razorpay
import Testing

@testable import Payments

@Suite("Paying for something")
struct PayableTests {
    @Test("a hundred payments of one thing at once make one order", arguments: DatabaseKind.available)
    func parallel(_ kind: DatabaseKind) async throws {
        try await withCounter(kind, orders: 2) { counter in
            try await counter.add(7)
            let transactions = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<100 { group.addTask { try await counter.pay(7).transactionID } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(transactions.count == 1)
            #expect(counter.till.vendor.requests.count == 1)
            #expect(try await counter.till.count("SELECT count(*) FROM payments") == 1)
        }
    }

    @Test("without the lock and the index there would be many, so the test can fail", arguments: DatabaseKind.available)
    func control(_ kind: DatabaseKind) async throws {
        try await withCounter(kind, orders: 5) { counter in
            let transactions = try await withThrowingTaskGroup(of: String.self) { group in
                // Payments that belong to nothing have nothing that holds them back.
                for _ in 0..<5 { group.addTask { try await counter.pay(nil).transactionID } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(transactions.count == 5)
        }
    }

    @Test(
        "paying again takes the new way over; a paid or authorised payment is active", arguments: DatabaseKind.available
    )
    func again(_ kind: DatabaseKind) async throws {
        try await withCounter(kind) { counter in
            try await counter.add(7)
            let first = try await counter.pay(7)
            let second = try await counter.pay(7, .qr)
            #expect(second.id == first.id && second.orderID == "order_1")
            #expect(second.method == .qrCode)
            try await counter.context.database.write { db in
                _ = try counter.settlement.failed(Counter.paid("pay_1", "order_1", .failed), origin: Counter.origin, db)
            }
            let third = try await counter.pay(7)
            #expect(third.id == first.id && third.status == .pending && third.failureReason == nil)
            for status: PaymentStatus in [.processing, .success] {
                try await counter.context.database.write { db in
                    let told = Counter.paid("pay_2", "order_1", status == .processing ? .authorized : .captured)
                    try counter.settlement.observe([told], origin: Counter.origin, db)
                }
                await #expect(throws: PaymentError.active) { try await counter.pay(7) }
            }
            #expect(counter.till.vendor.requests.count == 1)
        }
    }

    @Test("a wrong amount, somebody else's and what is over are refused", arguments: DatabaseKind.available)
    func refused(_ kind: DatabaseKind) async throws {
        try await withCounter(kind) { counter in
            try await counter.add(7, 49_999)
            await #expect(throws: PaymentError.amountMismatch) { try await counter.pay(7) }
            await #expect(throws: PaymentError.payableNotFound) { try await counter.pay(8) }
            try await counter.context.database.write { db in
                try FakePayable.add(9, PatientID(1), 50_000, db)
                try FakePayable.add(10, counter.patient, 50_000, db)
                try db.run("UPDATE fake_payables SET state = 'OVER' WHERE number = 10")
            }
            await #expect(throws: PaymentError.payableNotFound) { try await counter.pay(9) }
            await #expect(throws: PaymentError.notPayable) { try await counter.pay(10) }
            #expect(counter.till.vendor.requests.isEmpty)
        }
    }

    @Test("what was paid before the booking is linked just behind it, and once", arguments: DatabaseKind.available)
    func linking(_ kind: DatabaseKind) async throws {
        try await withCounter(kind, orders: 2) { counter in
            let worker = LinkingWorker(desk: counter.desk)
            // Booked before it was paid: nothing links by itself.
            try await counter.add(6)
            counter.till.app.time.advance(by: .minutes(1))
            let payment = try await counter.pay(nil)
            try await counter.context.database.write { db in
                _ = try counter.settlement.captured(
                    Counter.paid("pay_1", "order_1"), origin: Counter.origin, db)
            }
            try await worker.round()
            #expect(try await counter.till.count("SELECT count(*) FROM fake_payables WHERE state = 'PAID'") == 0)
            counter.till.app.time.advance(by: .minutes(1))
            try await counter.add(7)
            try await counter.add(8)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await worker.round() } }
                try await group.waitForAll()
            }
            #expect(
                try await counter.till.texts("SELECT CAST(number AS text) FROM fake_payables WHERE state = 'PAID'")
                    == ["8"])
            let linked = try await counter.context.database.read { db in try PaymentRepository(db: db).find(payment.id)
            }
            #expect(linked?.payable == PayableID(.appointment, 8))
            #expect(linked?.terms == .standard)
        }
    }

    @Test("a named payment is linked when it fits, and again without harm", arguments: DatabaseKind.available)
    func named(_ kind: DatabaseKind) async throws {
        try await withCounter(kind, orders: 2) { counter in
            try await counter.add(7)
            let open = try await counter.pay(7)
            let other = try await counter.pay(nil)
            let target = PayableID(.appointment, 7)
            func link() async throws {
                try await counter.service.link(
                    other.transactionID, to: target, by: .patient(counter.patient), origin: Counter.origin)
            }
            await #expect(throws: PaymentError.notLinkable) { try await link() }
            try await counter.context.database.write { db in
                _ = try counter.settlement.captured(
                    Counter.paid("pay_2", "order_2"), origin: Counter.origin, db)
            }
            try await link()
            try await link()
            // What waited for the same thing waits no more; should its money come, it goes back.
            try await counter.context.database.write { db in
                #expect(try PaymentRepository(db: db).find(open.id)?.status == .cancelled)
                let late = try counter.settlement.captured(
                    Counter.paid("pay_1", "order_1"), origin: Counter.origin, db)
                #expect(late == .returned)
                #expect(try counter.desk.summaries(of: .appointment, [7], db)[7]?.id == other.id)
            }
        }
    }
}
