import AuditTrail
import CareSyncCore
import Cryptography
import Directory
import Persistence

enum ReceiptError: FailureCatalogue, CaseIterable {
    case notPaid

    var problem: Problem {
        switch self {
        case .notPaid: Problem(.conflict, "NOT_PAID", "There is a receipt once the money has come.")
        }
    }
}

/// Finds what a receipt says.
struct ReceiptService: Sendable {
    let context: PaymentContext
    let numbering: ReceiptNumbering

    var now: Instant { context.database.services.time.now }

    /// A payment's receipt, for its patient and for administrators; anybody else's is unknown.
    func receipt(of transaction: String, for caller: Principal, origin: RequestOrigin) async throws -> Receipt {
        if let receipt = try await read(transaction, for: caller, origin) { return receipt }
        // It was paid a moment ago, and the job has not come by yet.
        try await numbering.numberAll()
        guard let receipt = try await read(transaction, for: caller, origin) else { throw ReceiptError.notPaid }
        return receipt
    }

    private func read(
        _ transaction: String, for caller: Principal, _ origin: RequestOrigin
    ) async throws -> Receipt? {
        try await context.database.readAudited { [context] db in
            let payment = try PaymentAccess.find(transaction, for: caller, db)
            guard let paidAt = payment.completedAt else { throw ReceiptError.notPaid }
            guard let number = payment.receiptNumber else { return (nil, []) }
            let opened = try ReceiptDetails(context: context, db: db).open(payment)
            let receipt = Receipt(
                number: number, transactionID: payment.transactionID, payer: opened.payer,
                description: opened.description, amount: payment.amount, paidAt: context.zone.local(paidAt),
                method: opened.method, reference: opened.reference, refunds: opened.refunds)
            return (receipt, PaymentAccess.lines(.exportPHI, payment, by: caller, origin))
        }
    }
}

/// Who may see one payment on its own routes.
enum PaymentAccess {
    /// Their own for patients, any for administrators. Throws `PAYMENT_NOT_FOUND` for all others as for unknown ones.
    static func find(_ transaction: String, for caller: Principal, _ db: any Connection) throws -> Payment {
        guard let payment = try PaymentRepository(db: db).find(transaction: transaction),
            caller.role == .admin || caller.role == .patient && PatientID(caller.userID) == payment.patientID
        else { throw PaymentError.notFound }
        return payment
    }

    /// A line for every reader but the patient.
    static func lines(
        _ action: AuditEntry.Action, _ payment: Payment, by caller: Principal, _ origin: RequestOrigin
    ) -> [AuditEntry] {
        guard PatientID(caller.userID) != payment.patientID || caller.role != .patient else { return [] }
        return [AuditEntry(action, "payments", "\(payment.id)", by: origin, patient: payment.patientID)]
    }
}

/// The sealed parts of a payment, and what belongs to it.
struct ReceiptDetails {
    let context: PaymentContext
    let db: any Connection

    struct Opened {
        let payer: String
        let description: String
        let method: String
        let reference: String?
        let refunds: [Receipt.Refund]
    }

    static let mostRefunds = 100

    func open(_ payment: Payment) throws -> Opened {
        let sealed: SealedPatient? = try db.first(
            "SELECT \(SealedPatient.columns) FROM patients p WHERE p.id = \(payment.patientID)")
        guard let sealed else { throw Problem.fault }
        let card = try context.vault.open(sealed, db)
        let key = try context.vault.key(for: payment.patientID, db)
        let description = try context.vault.open(
            payment.sealedDescription, with: key, at: PaymentContext.descriptionField(payment.id))
        let upiID = try payment.sealedUPIID.flatMap {
            try context.vault.open($0, with: key, at: PaymentContext.upiField(payment.id))
        }
        return Opened(
            payer: card.name, description: description ?? "Payment", method: Self.method(payment, upiID),
            reference: try reference(of: payment.id), refunds: try refunds(of: payment.id))
    }

    private static func method(_ payment: Payment, _ upiID: String?) -> String {
        switch payment.method {
        case .upi: ["UPI", upiID].compactMap(\.self).joined(separator: ", ")
        case .qrCode: "QR code"
        case .card:
            (["Card", payment.cardNetwork].compactMap(\.self) + (payment.cardLastFour.map { ["ending in \($0)"] } ?? []))
                .joined(separator: " ")
        }
    }

    private func reference(of payment: PaymentID) throws -> String? {
        let id: String? = try db.value(
            "SELECT gateway_payment_id FROM payment_captures WHERE payment_id = \(payment) AND state = 'CONFIRMED'")
        return id.map { $0.hasPrefix(Capture.manualPrefix) ? String($0.dropFirst(Capture.manualPrefix.count)) : $0 }
    }

    private func refunds(of payment: PaymentID) throws -> [Receipt.Refund] {
        var refunds: [Receipt.Refund] = []
        try db.query(
            """
            SELECT r.amount, r.created_at, r.settled_at
            FROM refunds r JOIN payment_captures c ON c.gateway_payment_id = r.gateway_payment_id
            WHERE r.payment_id = \(payment) AND r.status = 'REFUNDED' AND c.state = 'CONFIRMED'
            ORDER BY r.created_at, r.id LIMIT \(Self.mostRefunds)
            """
        ) { row in
            let settled: Instant? = try row.value("settled_at")
            refunds.append(
                Receipt.Refund(
                    amount: try row.value("amount"),
                    date: context.zone.date(at: try settled ?? row.value("created_at"))))
        }
        return refunds
    }
}
