import CareSyncCore
import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing

@Suite("What payments take")
struct PaymentInputTests {
    @Test(
        "what is wrong is named",
        arguments: [
            ("0", "CONSULTATION", "", "amount"), ("-1", "CONSULTATION", "", "amount"),
            ("0.99", "OTHER", "", "amount"), ("100000000", "OTHER", "", "amount"), ("1.005", "OTHER", "", "amount"),
            ("500", "GIFT", "", "paymentType"), ("500", "OTHER", #""currency":"USD""#, "currency"),
            ("500", "OTHER", #""upiId":"nobody""#, "upiId"),
            ("500", "OTHER", #""bookingId":1,"appointmentId":2"#, "appointmentId"),
            ("500", "OTHER", #""bookingId":-1"#, "bookingId"),
            ("500", "OTHER", #""description":"\#(String(repeating: "a", count: 256))""#, "description"),
        ])
    func refused(_ amount: String, _ type: String, _ more: String, _ field: String) async throws {
        try await withTill(vendor: try ScriptedServer(Vendor.down)) { till in
            let answer = try await till.initiate(till.body(amount, type, more))
            #expect(answer.status == 400)
            #expect(answer.fieldErrors == [field])
            #expect(till.vendor.requests.isEmpty)
        }
    }

    @Test(
        "ways to pay: QR is QR_CODE, two are refused",
        arguments: [
            ("QR", "QR_CODE"), ("QR_CODE", "QR_CODE"), ("CARD", "CARD"), ("NET_BANKING", nil), ("WALLET", nil),
        ])
    func methods(_ asked: String, _ method: String?) async throws {
        try await withTill(vendor: try ScriptedServer(Vendor.answer(Vendor.order("order_1")))) { till in
            let answer = try await till.initiate(
                till.body().replacingOccurrences(of: #""UPI""#, with: "\"\(asked)\""))
            #expect(answer["paymentMethod"].string == method)
            if method == nil {
                #expect(answer.status == 400)
                #expect(answer.problemCode == "PAYMENT_METHOD_UNSUPPORTED")
            }
        }
    }

    @Test(
        "of a card the last four digits and the network are kept, and nothing else anywhere",
        arguments: DatabaseKind.available)
    func card(_ kind: DatabaseKind) async throws {
        try await withTill(kind, try ScriptedServer(Vendor.answer(Vendor.order("order_1")))) { till in
            let card = """
                "cardDetails":{"cardNumber":"4111 1111 1234 9876","expiryMonth":"01","expiryYear":"2029","cvv":"913",\
                "cardholderName":"Asha V"}
                """
            let body = till.body("500", "OTHER", card).replacingOccurrences(of: #""UPI""#, with: #""CARD""#)
            let answer = try await till.initiate(body, key: "k-1")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer["cardLastFour"].string == "9876")
            #expect(answer["cardType"].string == "VISA")
            for text in [till.app.logs.text, answer.text] {
                #expect(!text.contains("1234 9876") && !text.contains("12349876") && !text.contains("Asha V\""))
            }
            // Not even as a hash of the body, which could be guessed.
            let plain = try await till.app.database.read { db in
                try db.values("SELECT body_hash FROM idempotency_keys") as [[UInt8]]
            }
            #expect(plain.count == 1)
            #expect(plain.first != RequestHash.of("/api/payments/initiate", body))
        }
    }

    @Test(
        "nobody pays in somebody else's name, and what is unknown is like what is foreign",
        arguments: DatabaseKind.available)
    func access(_ kind: DatabaseKind) async throws {
        try await withTill(kind, try ScriptedServer(Vendor.answer(Vendor.order("order_1")))) { till in
            let app = till.app
            let (other, doctor, admin) = (
                try await app.registerPatient(), try await app.registerDoctor(), try await app.admin()
            )
            #expect(try await till.initiate(as: other).status == 403)
            #expect(try await till.initiate(as: doctor).status == 403)
            let transaction = try await till.begun()
            for user in [other, doctor] {
                let foreign = try await till.find(transaction, as: user)
                let unknown = try await till.find("TXN_1_00000000", as: user)
                #expect(foreign.status == 404)
                #expect(unknown.status == 404)
                #expect(foreign["code"].string == unknown["code"].string)
            }
            let before = try await till.count("SELECT count(*) FROM audit_log WHERE action = 'READ_PHI'")
            #expect(try await till.find(transaction, as: admin).status == 200)
            #expect(try await app.get("/api/payments/all", as: admin).status == 200)
            #expect(try await app.get("/api/payments/patient/\(till.patient.id)", as: admin).status == 200)
            #expect(try await till.count("SELECT count(*) FROM audit_log WHERE action = 'READ_PHI'") == before + 3)
            #expect(try await app.get("/api/payments/patient/\(till.patient.id)", as: other).status == 403)
            #expect(try await app.get("/api/payments/all", as: till.patient).status == 403)
            #expect(try await app.get("/api/payments/patient/999999", as: admin).status == 404)
        }
    }

    @Test("a page has the shape of Spring's", arguments: DatabaseKind.available)
    func pages(_ kind: DatabaseKind) async throws {
        let vendor = try ScriptedServer(
            Vendor.answer(Vendor.order("order_1", 30_000)), Vendor.answer(Vendor.order("order_2", 10_000)),
            Vendor.answer(Vendor.order("order_3", 20_000)))
        try await withTill(kind, vendor) { till in
            for amount in ["300", "100", "200"] {
                _ = try await till.begun(till.body(amount))
                till.app.time.advance(by: .seconds(1))
            }
            let path = "/api/payments/patient/\(till.patient.id)"
            let first = try await till.app.get("\(path)?size=2", as: till.patient)
            #expect(first["content"].list.compactMap { $0["amount"].int } == [200, 100])
            #expect(first["totalElements"].int == 3)
            #expect(first["totalPages"].int == 2)
            #expect(first["first"].bool == true && first["last"].bool == false)
            #expect(first["pageable.sort.sorted"].bool == true)
            let second = try await till.app.get(
                "\(path)?page=1&size=2&sortBy=amount&sortDir=ASC", as: till.patient)
            #expect(second["content"].list.compactMap { $0["amount"].int } == [300])
            #expect(second["last"].bool == true && second["number"].int == 1)
            for bad in ["sortBy=patient.email", "sortDir=up", "size=0", "size=101", "page=-1"] {
                #expect(try await till.app.get("\(path)?\(bad)", as: till.patient).status == 400, "\(bad)")
            }
        }
    }
}
