import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@testable import Payments

@Suite("Payments in figures")
struct PaymentStatisticsTests {
    @Test("figures of what came in and what went back, for administrators", arguments: DatabaseKind.available)
    func figures(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let admin = try await app.admin()
            let patient = try await app.registerPatient()
            let none = try await app.get("/api/payments/statistics", as: admin)
            #expect(none.status == 200)
            for field in none.json.keys { #expect(none[field].double == 0, "\(field)") }
            let planted: [(PaymentStatus, Int64, Int64)] = [
                (.success, 50_000, 0), (.success, 33_333, 0), (.partialRefund, 20_000, 5_001),
                (.refunded, 10_000, 10_000),
                (.failed, 70_000, 0), (.cancelled, 80_000, 0), (.pending, 90_000, 0),
            ]
            for (index, (status, amount, refunded)) in planted.enumerated() {
                var payment = PlantedPayment("TXN_\(index)")
                (payment.status, payment.amount) = (status, Money(minorUnits: amount))
                if status.isPaid { (payment.capture, payment.completedAt) = ("pay_\(index)", app.time.now) }
                if refunded > 0 { payment.refunds = [(Money(minorUnits: refunded), .refunded)] }
                try await payment.insert(for: patient.patientID, in: app)
            }
            try await app.database.write { db in
                _ = try db.run(
                    """
                    INSERT INTO payment_captures (gateway_payment_id, amount, state, captured_at)
                    VALUES ('pay_review', 12345, 'REVIEW', \(db.now))
                    """)
            }
            let figures = try await app.get("/api/payments/statistics", as: admin)
            let expected: [String: Double] = [
                "totalPayments": 7, "successfulPayments": 2, "failedPayments": 2, "captured": 1256.78,
                "confirmed": 983.32, "refunded": 150.01, "inReview": 123.45, "totalRevenue": 1106.77,
                "averageTransactionAmount": 553.39,
            ]
            #expect(figures.json.keys == expected.keys.sorted())
            for (field, value) in expected { #expect(figures[field].double == value, "\(field)") }
            #expect(try await app.get("/api/payments/statistics", as: patient).status == 403)
            #expect(try await app.get("/api/payments/statistics").status == 401)
        }
    }
}
