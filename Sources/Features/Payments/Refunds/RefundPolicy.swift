import CareSyncCore
import FeatureContract
import Mail
import Persistence

/// What becomes of payments when nothing is there any more that they could pay for, in the transaction that ends it.
struct RefundPolicy: Sendable {
    let context: PaymentContext

    /// A payable has ended: its rows are locked. What waits for money ends; what was paid goes back as the terms say.
    func ended(_ event: PayableEnded, _ db: any Connection) throws {
        let refunds = RefundRepository(db: db)
        for payment in try refunds.lockPayments(of: event.payable) {
            if payment.status.isOpen {
                try PaymentRepository(db: db).cancel(
                    payment.id, reason: event.side == .patient ? FailureReason.byPatient : FailureReason.byClinic)
            } else if payment.status == .success || payment.status == .partialRefund {
                try giveBack(payment, event, db)
            }
        }
    }

    private func giveBack(_ payment: Payment, _ event: PayableEnded, _ db: any Connection) throws {
        let captures = try RefundRepository(db: db).captures(of: payment.id)
        guard let capture = captures.first(where: { $0.state == .confirmed }) else { return }
        let left = try RefundDesk(db: db).left(of: capture)
        let amount = Self.amount(payment, left: left, of: capture.amount, event, now: db.now)
        guard amount > .zero else { return }
        let reason = event.side == .patient ? RefundReason.endedByPatient : .endedByClinic
        try request(
            amount, of: capture, payment, key: "ended-payment-\(payment.id)", reason,
            by: event.origin.principal?.userID, db)
    }

    /// What goes back, apart from what went or goes back already.
    static func amount(
        _ payment: Payment, left: Money, of captured: Money, _ event: PayableEnded, now: Instant
    ) -> Money {
        guard event.side == .patient, let start = event.startsAt else { return left }
        let due = payment.terms.refund(of: captured, start: start, now: now)
        return min(left, max(.zero, due - (captured - left)))
    }

    /// Something was paid for that was then never booked (rules/refunds 6): `true` when the money goes back now.
    func giveBackUnclaimed(_ id: PaymentID, _ db: any Connection) throws -> Bool {
        guard let payment = try PaymentLock(context: context, db: db).lock(id), payment.payable == nil,
            payment.status == .success || payment.status == .partialRefund,
            payment.refundStatus == .notRefunded || payment.refundStatus == .refunded
        else { return false }
        let captures = try RefundRepository(db: db).captures(of: id)
        guard let capture = captures.first(where: { $0.state == .confirmed }) else { return false }
        let left = try RefundDesk(db: db).left(of: capture)
        guard left > .zero else { return false }
        return try request(left, of: capture, payment, key: "unclaimed-payment-\(id)", .unclaimed, by: nil, db)
    }

    /// - Returns: whether it was not there already.
    @discardableResult
    private func request(
        _ amount: Money, of capture: Capture, _ payment: Payment, key: String, _ reason: RefundReason,
        by user: UserID?, _ db: any Connection
    ) throws -> Bool {
        let id = try RefundDesk(db: db).request(
            amount, of: capture, payment: payment.id, key: key, reason: reason.rawValue, by: user)
        guard let id else { return false }
        if context.settings.isMailAvailable { try db.enqueue(RefundMail.order(id)) }
        return true
    }
}
