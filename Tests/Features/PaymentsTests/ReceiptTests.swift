import CareSyncCore
import CareSyncTesting
import Foundation
import Persistence
import Testing

@testable import Payments

@Suite("Receipts")
struct ReceiptTests {
    private static func path(_ transaction: String) -> String { "/api/payments/\(transaction)/receipt.pdf" }

    @Test("a receipt says what was paid by whom and how, and what went back", arguments: DatabaseKind.available)
    func content(_ kind: DatabaseKind) async throws {
        try await withApp(kind, today: "2026-03-10", at: "09:15") { app in
            let patient = try await app.registerPatient(["firstName": "आशा", "lastName": "वर्मा"])
            var payment = PlantedPayment("TXN_1_AAAA0001")
            payment.upiID = "asha@examplebank"
            payment.completedAt = app.time.now
            payment.capture = "pay_AAAA0001"
            payment.status = .partialRefund
            payment.refunds = [
                (Money(minorUnits: 12_050), .refunded), (Money(minorUnits: 777), .pending),
            ]
            try await payment.insert(for: patient.patientID, in: app)
            let response = try await app.get(Self.path(payment.transaction), as: patient)
            #expect(response.status == 200, "\(response.text)")
            #expect(response.header("Content-Type") == "application/pdf")
            #expect(response.header("Content-Disposition")?.contains("receipt-CS-000001.pdf") == true)
            #expect(response.header("Cache-Control") == "no-store")
            let text = try PrintedText.of(response.bytes)
            for part in [
                "Receipt CS-000001", "वर्मा", "2026-03-10 09:15", "UPI, asha@examplebank", "TXN_1_AAAA0001",
                "pay_AAAA0001",
                "Consultation with Dr. Asha Rao", "500.00", "120.50", "379.50",
            ] {
                #expect(text.contains(part), "\(part) in \(text)")
            }
            #expect(!text.contains("7.77"), "a refund that the vendor has not confirmed")
        }
    }

    @Test("a card shows its last four digits and nothing more")
    func card() async throws {
        try await withApp { app in
            let patient = try await app.registerPatient()
            var payment = PlantedPayment("TXN_1_CARD")
            (payment.method, payment.cardLastFour, payment.cardNetwork) = (.card, "1007", "VISA")
            payment.completedAt = app.time.now
            try await payment.insert(for: patient.patientID, in: app)
            let response = try await app.get(Self.path(payment.transaction), as: patient)
            #expect(try PrintedText.of(response.bytes).contains("Card VISA ending in 1007"))
        }
    }

    @Test("the patient and administrators have it, and nobody else; an administrator leaves a row")
    func access() async throws {
        try await withApp { app in
            let patient = try await app.registerPatient()
            let admin = try await app.admin()
            var payment = PlantedPayment("TXN_1_ACCESS")
            payment.completedAt = app.time.now
            let id = try await payment.insert(for: patient.patientID, in: app)
            let path = Self.path(payment.transaction)
            #expect(try await app.get(path).status == 401)
            #expect(try await app.get(path, as: try await app.registerDoctor()).status == 403)
            let stranger = try await app.get(path, as: try await app.registerPatient())
            let unknown = try await app.get(Self.path("TXN_0_NOBODY"), as: patient)
            #expect(stranger.status == 404 && unknown.status == 404)
            #expect(stranger.problemCode == unknown.problemCode)
            #expect(try await app.get(path, as: patient).status == 200)
            let rows: @Sendable () async throws -> Int = {
                try await app.database.read { db in
                    try db.value(
                        """
                        SELECT count(*) FROM audit_log
                        WHERE action = 'EXPORT_PHI' AND entity = 'payments' AND entity_id = \("\(id)")
                        """) ?? 0
                }
            }
            #expect(try await rows() == 0)
            #expect(try await app.get(path, as: admin).status == 200)
            #expect(try await rows() == 1)
        }
    }

    @Test(
        "before the money has come there is none", arguments: [PaymentStatus.pending, .processing, .failed, .cancelled])
    func unpaid(_ status: PaymentStatus) async throws {
        try await withApp { app in
            let patient = try await app.registerPatient()
            var payment = PlantedPayment("TXN_1_UNPAID")
            payment.status = status
            try await payment.insert(for: patient.patientID, in: app)
            let response = try await app.get(Self.path(payment.transaction), as: patient)
            #expect(response.status == 409)
            #expect(response.problemCode == "NOT_PAID")
        }
    }

    @Test("a mail tells number and amount, once, and nothing of what was paid for", arguments: DatabaseKind.available)
    func mail(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let patient = try await app.registerPatient()
            let before = try await app.sentMails().count
            var payment = PlantedPayment("TXN_1_MAIL")
            payment.completedAt = app.time.now
            try await payment.insert(for: patient.patientID, in: app)
            let numbering = ReceiptNumbering(database: app.database, isMailAvailable: true, logger: app.logs.logger)
            try await numbering.numberAll()
            try await numbering.numberAll()
            let mails = try await app.sentMails().dropFirst(before)
            let mail = try #require(mails.first)
            #expect(mails.count == 1)
            #expect(mail.subject == "Your receipt CS-000001")
            #expect(mail.text.contains("INR 500.00") && mail.text.contains("TXN_1_MAIL"))
            #expect(!mail.raw.contains("Asha") && !mail.raw.contains("Consultation"))
        }
    }
}
