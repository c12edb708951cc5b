import AuditTrail
package import CareSyncCore
import Cryptography
import Directory
package import FeatureContract
package import Persistence
import Razorpay

/// Payments for the features above that have something to be paid.
package struct PaymentDesk: Sendable {
    let context: PaymentContext

    /// How long a payment that belongs to nothing links by itself.
    static let linkingTime = TimeSpan.minutes(60)

    /// A payable was paid without a payment, at the desk: what still waits for money ends. Its rows are locked.
    package func endOpen(of payable: PayableID, _ db: any Connection) throws {
        try PaymentRepository(db: db).cancelOpen(of: payable, except: nil)
    }

    /// Gives a payable that waits for its money a captured payment that belongs to nothing: the named one, or the patient's
    /// newest of fitting type and this very amount that came in the last 60 minutes; `nil` when there is none. The
    /// payable's rows are locked, and it is settled here. Throws when a named one does not fit.
    package func link(
        _ payable: PayableID, of patient: PatientID, amount: Money, transaction: String? = nil, origin: RequestOrigin,
        _ db: any Connection
    ) throws -> PaymentSummary? {
        let payments = PaymentRepository(db: db)
        let found =
            try transaction.map { try named($0, for: payable, of: patient, amount: amount, db) }
            ?? payments.lockLinkable(
                of: patient, amount: amount, for: payable.kind, since: db.now - Self.linkingTime)
        guard let payment = found, let state = try context.payable(payable).find(payable.number, db) else {
            return nil
        }
        guard try context.payable(payable).settle(payable.number, origin: origin, db) else {
            guard transaction == nil else { throw PaymentError.notPayable }
            return nil
        }
        try payments.cancelOpen(of: payable, except: payment.id)
        try payments.link(payment.id, to: payable, terms: state.terms)
        db.audit(
            AuditEntry(
                Self.action(.updatePHI, by: origin), "payments", "\(payment.id)", by: origin, patient: patient,
                after: "\(payable.kind.rawValue) \(payable.number)"))
        return try summaries(of: payable.kind, [payable.number], db)[payable.number]
    }

    private func named(
        _ transaction: String, for payable: PayableID, of patient: PatientID, amount: Money, _ db: any Connection
    ) throws -> Payment {
        let payments = PaymentRepository(db: db)
        guard let known = try payments.find(transaction: transaction), known.patientID == patient else {
            throw PaymentError.notFound
        }
        guard let payment = try payments.lockLinkable(known.id),
            PaymentType.paying(for: payable.kind)
                .contains(payment.type)
        else { throw PaymentError.notLinkable }
        guard payment.amount == amount else { throw PaymentError.amountMismatch }
        return payment
    }

    /// Reserves a payment in the caller's transaction; the vendor hears nothing yet. The same request key gives the payment
    /// that is there, and so does paying again for a payable that is not paid. Throws `PAYMENT_ACTIVE` for one whose
    /// payment is under way or done.
    package func reserve(_ order: PaymentOrder, origin: RequestOrigin, _ db: any Connection) throws -> PaymentID {
        let payments = PaymentRepository(db: db)
        // What another transaction inserted meanwhile is seen by the second look.
        for _ in 0..<2 {
            if let key = order.requestKey, let known = try payments.find(requestKey: key) { return known.id }
            if let again = try takenOver(order, db) { return again }
            if let made = try insert(order, origin: origin, db) { return made }
        }
        throw PaymentError.active
    }

    private func takenOver(_ order: PaymentOrder, _ db: any Connection) throws -> PaymentID? {
        guard let payable = order.payable else { return nil }
        let payments = PaymentRepository(db: db)
        guard
            let open = try payments.lockActive(of: payable)
                ?? payments.lockFailed(of: payable, amount: order.amount)
        else { return nil }
        guard open.status == .pending || open.status == .failed, open.amount == order.amount else {
            throw PaymentError.active
        }
        let sealed = try seal(order, as: open.id, db)
        try payments.takeOver(open.id, order, description: sealed.description, upiID: sealed.upiID)
        return open.id
    }

    private func insert(_ order: PaymentOrder, origin: RequestOrigin, _ db: any Connection) throws -> PaymentID? {
        let id = PaymentID(try db.nextID(PaymentSchema.ids))
        let sealed = try seal(order, as: id, db)
        let isFree = order.amount == .zero
        let new = NewPayment(
            id: id, transactionID: Self.transactionID(db), order: order, description: sealed.description,
            upiID: sealed.upiID, status: isFree ? .success : .pending)
        guard try PaymentRepository(db: db).insert(new) else { return nil }
        if isFree, let payable = order.payable,
            try !context.payable(payable).settle(payable.number, origin: origin, db)
        {
            throw PaymentError.notPayable
        }
        db.audit(
            AuditEntry(
                Self.action(.createPHI, by: origin), "payments", "\(id)", by: origin, patient: order.patient))
        return id
    }

    /// What administrators do in a patient's place is their action.
    private static func action(_ action: AuditEntry.Action, by origin: RequestOrigin) -> AuditEntry.Action {
        origin.principal?.role == .admin ? .adminAction : action
    }

    /// `TXN_1772000000000_0A1B2C3D`: milliseconds since 1970, and 32 random bits.
    private static func transactionID(_ db: any Connection) -> String {
        let random = Hex.text(db.scope.services.random.bytes(4)).uppercased()
        return "TXN_\(db.now.microseconds / 1_000)_\(random)"
    }

    private func seal(
        _ order: PaymentOrder, as id: PaymentID, _ db: any Connection
    ) throws -> (description: [UInt8], upiID: [UInt8]?) {
        let key = try context.vault.key(for: order.patient, db)
        return (
            try context.vault.seal(order.description, with: key, at: PaymentContext.descriptionField(id)),
            try order.upiID.map { try context.vault.seal($0, with: key, at: PaymentContext.upiField(id)) }
        )
    }

    /// The payment that a request with this key has made, and what for.
    package func reserved(
        under key: [UInt8], _ db: any Connection
    ) throws -> (payment: PaymentID, payable: PayableID?)? {
        try PaymentRepository(db: db).find(requestKey: key).map { ($0.id, $0.payable) }
    }

    /// Of each payable the payment that counts.
    package func summaries(
        of kind: PayableKind, _ numbers: [Int64], _ db: any Connection
    ) throws -> [Int64: PaymentSummary] {
        let payments = try PaymentRepository(db: db).list(of: kind, numbers)
        return Dictionary(
            payments.compactMap { payment in payment.payable.map { ($0.number, summary(of: payment)) } }
        ) { first, _ in first }
    }

    private func summary(of payment: Payment) -> PaymentSummary {
        PaymentSummary(
            id: payment.id, transactionID: payment.transactionID, status: payment.status,
            refundStatus: payment.refundStatus, razorpayOrderID: payment.orderID,
            razorpayKeyID: payment.orderID.flatMap { _ in context.settings.account?.keyID })
    }
}
