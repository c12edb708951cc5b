import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Cryptography
import Directory
import Logging
import Persistence

@testable import Payments

/// A payment as it stands in the table, for tests of what comes behind it.
struct PlantedPayment: Sendable {
    var transaction: String
    var amount = Money(minorUnits: 50_000)
    var status = PaymentStatus.success
    var method = PaymentMethod.upi
    var description = "Consultation with Dr. Asha Rao"
    var upiID: String?
    var cardLastFour: String?
    var cardNetwork: String?
    var order: String?
    var completedAt: Instant?
    /// Of the vendor; with it there is a row of the capture, too.
    var capture: String?
    var refunds: [(amount: Money, status: RefundStatus)] = []

    init(_ transaction: String) {
        self.transaction = transaction
    }

    @discardableResult
    func insert(for patient: PatientID, in app: TestApp) async throws -> PaymentID {
        let vault = PatientVault(
            ring: app.system.configuration.keys.ring, random: app.database.services.random, logger: app.logs.logger)
        return try await app.database.write { db in try insert(for: patient, vault, db) }
    }

    func insert(for patient: PatientID, _ vault: PatientVault, _ db: any Connection) throws -> PaymentID {
        let id = PaymentID(try db.nextID(PaymentSchema.ids))
        let key = try vault.key(for: patient, db)
        let sealed = try vault.seal(description, with: key, at: PaymentContext.descriptionField(id))
        let sealedUPI = try upiID.map { try vault.seal($0, with: key, at: PaymentContext.upiField(id)) }
        let gone = refunds.filter { $0.status == .refunded }.reduce(Money.zero) { $0 + $1.amount }
        try db.run(
            """
            INSERT INTO payments (id, transaction_id, patient_id, type, method, amount, status, description, upi_id,
                                  card_last_four, card_network, terms, order_id, refunded, created_at, updated_at,
                                  completed_at)
            VALUES (\(id), \(transaction), \(patient), 'APPOINTMENT', \(method), \(amount), \(status), \(sealed),
                    \(sealedUPI), \(cardLastFour), \(cardNetwork), '', \(order), \(gone), \(db.now), \(db.now),
                    \(completedAt))
            """)
        guard let capture else { return id }
        try db.run(
            """
            INSERT INTO payment_captures (gateway_payment_id, payment_id, amount, state, captured_at)
            VALUES (\(capture), \(id), \(amount), 'CONFIRMED', \(db.now))
            """)
        for (index, refund) in refunds.enumerated() {
            try db.run(
                """
                INSERT INTO refunds (payment_id, gateway_payment_id, amount, reason, key, status, created_at, settled_at)
                VALUES (\(id), \(capture), \(refund.amount), 'ADMIN', \("\(transaction)-\(index)"), \(refund.status),
                        \(db.now), \(refund.status == .refunded ? db.now : nil))
                """)
        }
        return id
    }
}
