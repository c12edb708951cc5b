import AuditTrail
import CareSyncCore
import Persistence
import Razorpay

/// Money by UPI that came past the vendor: an administrator enters it with the bank's reference (rules/refunds 8). From then
/// on it is like any other, but goes back by hand.
struct ManualMoney: Sendable {
    let settlement: Settlement

    private var context: PaymentContext { settlement.context }

    /// The same reference again changes nothing; of another payment it is refused.
    func enter(_ transaction: String, reference: String, origin: RequestOrigin) async throws -> ShownPayment {
        guard origin.principal?.role == .admin else { throw Problem.accessDenied }
        return try await context.database.write { [context, settlement] db in
            guard let payment = try PaymentRepository(db: db).find(transaction: transaction) else {
                throw PaymentError.notFound
            }
            let id = Capture.manualPrefix + reference.uppercased()
            if let known = try RefundRepository(db: db).capture(id) {
                guard known.paymentID == payment.id else { throw RefundError.referenceUsed }
                return try PaymentOpening(context: context).shown(payment.id, db)
            }
            guard !payment.status.isPaid else { throw PaymentError.notOpen }
            let paid = RazorpayPayment(
                id: id, amount: payment.amount.minorUnits, currency: "INR", status: .captured, captured: true,
                orderID: payment.orderID, method: "upi")
            let outcome = try settlement.captured(paid, of: payment, origin: origin, db)
            // Somebody was quicker with the same reference.
            if outcome == .known, try RefundRepository(db: db).capture(id)?.paymentID != payment.id {
                throw RefundError.referenceUsed
            }
            let shown = try PaymentOpening(context: context).shown(payment.id, db)
            db.audit(
                AuditEntry(
                    .adminAction, "payments", "\(payment.id)", by: origin, patient: payment.patientID,
                    reason: "ENTERED_BY_HAND", before: payment.status.rawValue,
                    after: shown.payment.status.rawValue))
            return shown
        }
    }
}
