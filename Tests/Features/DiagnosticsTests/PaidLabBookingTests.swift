import CareSyncCore
import CareSyncTesting
import FeatureContract
import HTTPTypes
import Outbox
import Persistence
import Testing

@testable import Diagnostics

@Suite("Lab bookings with their payment")
struct PaidLabBookingTests {
    @Test(
        "it waits for its money with what the checkout needs, and is COMPLETED by the capture",
        arguments: DatabaseKind.available)
    func paid(_ kind: DatabaseKind) async throws {
        try await withPaidLab(kind, [PaidLab.order("order_1")]) { till in
            let booked = try await till.book()
            #expect(booked.status == 201, "\(booked.text)")
            #expect(booked["status"].string == "PENDING")
            #expect(booked["razorpayOrderId"].string == "order_1")
            #expect(booked["razorpayKeyId"].string == "rzp_test_scripted")
            #expect(booked["paymentStatus"].string == "PENDING")
            #expect(booked["paymentTransactionId"].string?.hasPrefix("TXN_") == true)
            let id = try #require(booked["id"].int)
            // The timer is withdrawn.
            till.lab.app.time.advance(by: .minutes(3))
            try await till.lab.app.runDueWork()
            #expect(try await till.count("SELECT count(*) FROM lab_bookings WHERE status = 'PENDING'") == 1)
            #expect(try await till.capture("order_1").status == 200)
            let seen = try await till.lab.find(id)
            #expect(seen["status"].string == "COMPLETED", "\(seen.text)")
            #expect(seen["paymentStatus"].string == "SUCCESS")
            let payment = try await till.lab.app.get("/api/payments/booking/\(id)", as: till.lab.patient)
            #expect(payment["transactionId"].string == booked["paymentTransactionId"].string)
        }
    }

    @Test("one key books and charges once, also when the answer was never stored", arguments: DatabaseKind.available)
    func once(_ kind: DatabaseKind) async throws {
        try await withPaidLab(kind, [PaidLab.order("order_1"), PaidLab.order("order_2")]) { till in
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<6 { group.addTask { try await till.book(key: "k") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.status == 201 }, "\(answers.map(\.text))")
            #expect(Set(answers.map(\.text)).count == 1)
            #expect(till.vendor.requests.count == 1)
            let first = try #require(answers.first)
            try await till.lab.app.database.write { db in _ = try db.run("DELETE FROM idempotency_keys") }
            #expect(try await till.book(key: "k")["id"].int == first["id"].int)
            #expect(try await till.book(key: "k")["id"].int == first["id"].int)
            let other = try await till.book(till.body(till.lab.body(#""notes":"x""#)), key: "k")
            #expect(other.problemCode == "IDEMPOTENCY_KEY_REUSED")
            #expect(try await till.count("SELECT count(*) FROM lab_bookings") == 1)
            #expect(try await till.count("SELECT count(*) FROM payments") == 1)
            // After two days the key is nobody's.
            till.lab.app.time.advance(by: .hours(49))
            let user = till.lab.patient
            let patient = try await till.lab.app.signIn(user.username, user.password, role: .patient)
            _ = try await till.book(key: "k", as: patient)
            #expect(try await till.count("SELECT count(*) FROM lab_bookings") == 2)
        }
    }

    @Test(
        "a vendor who makes no order leaves a cancelled booking, and the same request may try again",
        arguments: DatabaseKind.available)
    func refused(_ kind: DatabaseKind) async throws {
        try await withPaidLab(kind, [PaidLab.refusal, PaidLab.order("order_2")]) { till in
            let refused = try await till.book(key: "k")
            #expect(refused.status == 424)
            #expect(refused.problemCode == "GATEWAY_UNAVAILABLE")
            let ended = try await till.lab.app.get("/api/bookings/my-bookings", as: till.lab.patient)
            #expect(ended["[0].status"].string == "CANCELLED")
            #expect(ended["[0].statusChangedBy"].string == "SYSTEM")
            #expect(till.lab.ended.all.map(\.side) == [.clinic])
            let again = try await till.book(key: "k")
            #expect(again.status == 201, "\(again.text)")
            #expect(again["razorpayOrderId"].string == "order_2")
            #expect(try await till.count("SELECT count(*) FROM lab_bookings") == 2)
        }
    }

    @Test(
        "after a crash before the order the timer ends the booking, and not one that has an order",
        arguments: DatabaseKind.available)
    func crash(_ kind: DatabaseKind) async throws {
        try await withPaidLab(kind, [PaidLab.order("order_1"), PaidLab.order("order_2")]) { till in
            let placed = try #require(try await till.book()["id"].int)
            let crashed = try #require(try await till.book()["id"].int)
            try await till.lab.app.database.write { db in
                try db.run("UPDATE payments SET order_id = NULL WHERE payable_number = \(Int64(crashed))")
                for id in [placed, crashed] {
                    try db.enqueue(UnplacedLabBooking(booking: LabBookingID(Int64(id))), due: db.now + .minutes(2))
                }
            }
            till.lab.app.time.advance(by: .minutes(2))
            try await till.lab.app.runDueWork()
            #expect(try await till.lab.find(placed)["status"].string == "PENDING")
            let ended = try await till.lab.find(crashed)
            #expect(ended["status"].string == "CANCELLED")
            #expect(ended["statusChangedBy"].string == "SYSTEM")
        }
    }

    @Test(
        "a captured payment that belongs to nothing is used before anything is charged",
        arguments: DatabaseKind.available)
    func linked(_ kind: DatabaseKind) async throws {
        let orders = (1...3).map { PaidLab.order("order_\($0)") }
        try await withPaidLab(kind, orders) { till in
            let loose = try await till.loosePayment("order_1")
            let booked = try await till.book(key: "k")
            #expect(booked.status == 201, "\(booked.text)")
            #expect(booked["status"].string == "COMPLETED")
            #expect(booked["paymentTransactionId"].string == loose)
            #expect(booked["paymentStatus"].string == "SUCCESS")
            #expect(try await till.book(key: "k").text == booked.text)
            try await till.lab.app.database.write { db in _ = try db.run("DELETE FROM idempotency_keys") }
            #expect(try await till.book(key: "k")["id"].int == booked["id"].int)
            #expect(till.vendor.requests.count == 1)

            let named = try await till.loosePayment("order_2")
            for (transaction, code) in [("TXN_1_0000", "PAYMENT_NOT_FOUND"), (loose, "NOT_LINKABLE")] {
                let refused = try await till.book(till.body(nil, nil, #","transactionId":"\#(transaction)""#))
                #expect(refused.problemCode == code)
            }
            #expect(try await till.count("SELECT count(*) FROM lab_bookings") == 1)
            let again = try await till.book(till.body(nil, nil, #","transactionId":"\#(named)""#))
            #expect(again["paymentTransactionId"].string == named, "\(again.text)")
            // Nothing is left to be used: the next one is charged.
            #expect(try await till.book()["razorpayOrderId"].string == "order_3")
        }
    }

    @Test("what is wrong in a part is named with the part, and nothing is stored", arguments: DatabaseKind.available)
    func badInput(_ kind: DatabaseKind) async throws {
        try await withPaidLab(kind, [PaidLab.order("order_1")]) { till in
            let lab = till.lab
            for (body, field, code) in [
                (till.body(lab.body(tests: [])), "bookingRequest.selectedTestIds", "VALIDATION_FAILED"),
                (till.body("{}"), "bookingRequest.selectedTestIds", "VALIDATION_FAILED"),
                (till.body(lab.body(tests: [999_999])), "bookingRequest.selectedTestIds", "TEST_NOT_FOUND"),
                (
                    till.body(lab.body(#""bookingDate":"2020-01-01T00:00:00""#)), "bookingRequest.bookingDate",
                    "PAST_TIME"
                ),
                (till.body(nil, till.payment("0")), "paymentRequest.amount", "VALIDATION_FAILED"),
                (till.body(nil, till.payment("null")), "paymentRequest.amount", "VALIDATION_FAILED"),
                (till.body(nil, till.payment("750.49")), "paymentRequest.amount", "AMOUNT_MISMATCH"),
                (
                    till.body(nil, till.payment().replacing("\"UPI\"", with: "\"WALLET\"")),
                    "paymentRequest.paymentMethod", "PAYMENT_METHOD_UNSUPPORTED"
                ),
                (
                    till.body(nil, till.payment().replacing("INR", with: "USD")), "paymentRequest.currency",
                    "CURRENCY_UNSUPPORTED"
                ),
            ] {
                let refused = try await till.book(body)
                #expect(refused.status == 400, "\(body) \(refused.text)")
                #expect(refused.problemCode == code)
                #expect(refused.fieldErrors == [field])
            }
            let foreign = till.body().replacing(
                #""patientId":\#(lab.patient.id)"#, with: #""patientId":\#(lab.other.id)"#)
            #expect(try await till.book(foreign).status == 403)
            #expect(try await till.book(as: lab.doctor).status == 403)
            #expect(try await till.count("SELECT count(*) FROM lab_bookings") == 0)
            #expect(till.vendor.requests.isEmpty)
        }
    }

    @Test(
        "a prescribed booking is paid by the route of payments; what is cancelled cannot be",
        arguments: DatabaseKind.available)
    func prescribed(_ kind: DatabaseKind) async throws {
        try await withPaidLab(kind, [PaidLab.order("order_1")]) { till in
            let (id, ended) = (try await till.lab.prescribed(), try await till.lab.prescribed())
            _ = try await till.lab.cancel(ended)
            func pay(_ id: Int) async throws -> TestResponse {
                try await till.lab.app.send(
                    .post, "/api/payments/booking/\(id)/pay", as: till.lab.patient, body: till.payment())
            }
            #expect(try await pay(ended).status == 409)
            #expect(try await pay(id)["razorpayOrderId"].string == "order_1")
            #expect(try await till.capture("order_1").status == 200)
            #expect(try await till.lab.find(id)["status"].string == "COMPLETED")
            #expect(try await till.lab.find(id, as: till.lab.doctor)["paymentStatus"].string == "SUCCESS")
        }
    }
}
