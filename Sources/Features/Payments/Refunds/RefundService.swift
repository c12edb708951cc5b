import AuditTrail
import CareSyncCore
import Cryptography
import Directory
import Mail
import Persistence

/// Refunds that an administrator asks for.
struct RefundService: Sendable {
    let context: PaymentContext

    /// What is asked for.
    struct Order: Sendable {
        let transaction: String
        /// `nil` for all that is left.
        let amount: Money?
        let reason: String
        /// Which money, when there is more than the payment's own, as the list of what is to be reviewed names it.
        let gatewayPayment: String?
    }

    /// Reserves the refund; the payment as it is then, with what `show` needs of it. Never more goes back than came, however
    /// many ask at once: the payment is locked.
    func refund<Shown: Sendable>(
        _ order: Order, origin: RequestOrigin, once idempotency: Idempotency<Shown>?,
        show: @escaping @Sendable (Payment, any Connection) throws -> Shown
    ) async throws -> Replayable<Shown> {
        try await context.database.write(idempotency: idempotency) { [context] db in
            let payments = PaymentRepository(db: db)
            guard let id = try payments.find(transaction: order.transaction)?.id,
                let payment = try PaymentLock(context: context, db: db).lock(id)
            else { throw PaymentError.notFound }
            let capture = try capture(order, of: payment, db)
            if capture.isManual {
                try handBack(order, of: capture, payment, origin, db)
            } else {
                try request(order, of: capture, payment, origin, db)
            }
            // A person has decided what was waiting for it.
            try RefundRepository(db: db).markReturned(capture)
            guard let changed = try payments.find(id) else { throw Problem.fault }
            db.audit(
                AuditEntry(
                    .adminAction, "payments", "\(id)", by: origin, patient: payment.patientID,
                    reason: "REFUND_REQUESTED", before: payment.status.rawValue, after: changed.status.rawValue))
            return try show(changed, db)
        }
    }

    /// The named one, else the one that pays the payment, else what is left of others.
    private func capture(_ order: Order, of payment: Payment, _ db: any Connection) throws -> Capture {
        let captures = try RefundRepository(db: db).captures(of: payment.id)
        if let named = order.gatewayPayment {
            guard let found = captures.first(where: { $0.gatewayPaymentID == named }) else {
                throw RefundError.captureNotFound
            }
            return found
        }
        if let confirmed = captures.first(where: { $0.state == .confirmed }) { return confirmed }
        let desk = RefundDesk(db: db)
        guard let first = try captures.first(where: { try $0.isManual || desk.left(of: $0) > .zero }) else {
            throw RefundError.nothingLeft
        }
        return first
    }

    private func request(
        _ order: Order, of capture: Capture, _ payment: Payment, _ origin: RequestOrigin, _ db: any Connection
    ) throws {
        let desk = RefundDesk(db: db)
        let left = try desk.left(of: capture)
        guard left > .zero else { throw RefundError.nothingLeft }
        let amount = order.amount ?? left
        guard amount <= left else { throw RefundError.tooMuch }
        let id = try desk.request(
            amount, of: capture, payment: payment.id, key: key(db), reason: RefundReason.admin.rawValue,
            by: origin.principal?.userID)
        guard let id else { throw Problem.fault }
        try setNote(order.reason, of: id, payment, db)
        if context.settings.isMailAvailable { try db.enqueue(RefundMail.order(id)) }
    }

    /// Money that came past the vendor goes back past it: it is written down as handed back. What was asked for before, by a
    /// cancellation, is meant first.
    private func handBack(
        _ order: Order, of capture: Capture, _ payment: Payment, _ origin: RequestOrigin, _ db: any Connection
    ) throws {
        let refunds = RefundRepository(db: db)
        var waiting = try refunds.byHand(of: capture.gatewayPaymentID)
        let due = waiting.reduce(Money.zero) { $0 + $1.amount }
        if waiting.isEmpty || order.amount.map({ $0 != due }) ?? false {
            let desk = RefundDesk(db: db)
            let left = try desk.left(of: capture)
            guard left > .zero else { throw waiting.isEmpty ? RefundError.nothingLeft : .tooMuch }
            let amount = order.amount ?? left
            guard amount <= left else { throw RefundError.tooMuch }
            let id = try desk.request(
                amount, of: capture, payment: payment.id, key: key(db), reason: RefundReason.admin.rawValue,
                by: origin.principal?.userID)
            waiting = try id.flatMap(refunds.find).map { [$0] } ?? []
        }
        for refund in waiting {
            try Refunds(context: context).handedBack(refund, of: payment.id, db)
            try setNote(order.reason, of: refund.id, payment, db)
        }
    }

    /// The reason is in a person's own words, so it is sealed; of an erased patient nothing new is kept.
    private func setNote(_ text: String, of refund: Int64, _ payment: Payment, _ db: any Connection) throws {
        let key = try context.vault.key(for: payment.patientID, db)
        guard !key.isErased else { return }
        let field = FieldContext(table: "refunds", column: "note", row: refund)
        try RefundRepository(db: db).setNote(try context.vault.seal(text, with: key, at: field), of: refund)
    }

    private func key(_ db: any Connection) -> String { "admin-" + Hex.text(db.scope.services.random.bytes(16)) }
}
