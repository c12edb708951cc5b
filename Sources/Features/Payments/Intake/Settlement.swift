import CareSyncCore
import FeatureContract
import Mail
import Outbox
import Persistence
import Razorpay

/// What becomes of money once the vendor says that it has come (rules/payments). Each sum takes effect once, whoever
/// tells of it first: a webhook, the checkout's signature, a reconciliation or the pay page.
struct Settlement: Sendable {
    let context: PaymentContext

    enum Outcome: Sendable, Equatable {
        /// It pays its payment, from now on.
        case confirmed
        /// Nothing needs it; a refund of all of it has been requested.
        case returned
        /// A person must decide.
        case review(String)
        /// Its payment has moved on; no money has come yet.
        case noted
        /// It was known already; nothing has changed.
        case known
    }

    /// Records a captured payment of the vendor. The transaction holds no lock of a payable or payment yet.
    func captured(
        _ paid: RazorpayPayment, origin: RequestOrigin, _ db: any Connection
    ) throws -> Outcome {
        guard paid.isPaid, Capture.amounts.contains(paid.amount) else { return .review(Doubt.notUnderstood) }
        let captures = CaptureRepository(db: db)
        guard let seen = try find(paid, db) else {
            let isNew = try captures.insert(paid, payment: nil, state: .review, reason: Doubt.unknownOrder) != nil
            return isNew ? .review(Doubt.unknownOrder) : .known
        }
        return try captured(paid, of: seen, origin: origin, db)
    }

    /// The same, of money of which is known what payment it is for.
    func captured(
        _ paid: RazorpayPayment, of seen: Payment, origin: RequestOrigin, _ db: any Connection
    ) throws -> Outcome {
        let captures = CaptureRepository(db: db)
        if let payable = seen.payable { _ = try context.payable(payable).lock(payable.number, db) }
        guard let payment = try PaymentRepository(db: db).lock(seen.id) else { throw Problem.fault }
        let doubt = Doubt.about(paid, payment) ?? Doubt.aboutRefunds(of: paid)
        let state: Capture.State = doubt != nil ? .review : payment.status.isPaid ? .returned : .confirmed
        // Its row comes first: of two who tell of one sum, also for two payments, one goes on.
        guard let capture = try captures.insert(paid, payment: payment.id, state: state, reason: doubt) else {
            return .known
        }
        if let doubt { return .review(doubt) }
        guard try isNeeded(payment, origin: origin, db) else {
            try giveBack(capture, payment, db)
            return .returned
        }
        try PaymentRepository(db: db).succeed(
            payment.id, cardLastFour: paid.card?.last4.flatMap { $0.count == 4 ? $0 : nil },
            cardNetwork: paid.card?.network.map { String($0.uppercased().prefix(20)) })
        return .confirmed
    }

    /// The vendor has authorised a payment, and captures it soon: PENDING becomes PROCESSING, and a capture is queued.
    @discardableResult
    func authorized(_ paid: RazorpayPayment, origin: RequestOrigin, _ db: any Connection) throws -> Outcome {
        guard let seen = try find(paid, db) else { return .review(Doubt.unknownOrder) }
        let payments = PaymentRepository(db: db)
        guard let payment = try payments.lock(seen.id) else { throw Problem.fault }
        if try payment.status.isPaid || CaptureRepository(db: db).knows(paid.id) { return .known }
        if let doubt = Doubt.about(paid, payment) { return .review(doubt) }
        try payments.process(payment.id)
        try db.enqueue(CaptureCall(gatewayPayment: paid.id, payment: payment.id))
        return .noted
    }

    /// An attempt has failed. Never undoes what is paid, nor what another attempt has begun.
    @discardableResult
    func failed(_ paid: RazorpayPayment, origin: RequestOrigin, _ db: any Connection) throws -> Outcome {
        guard let seen = try find(paid, db) else { return .review(Doubt.unknownOrder) }
        let payments = PaymentRepository(db: db)
        guard let payment = try payments.lock(seen.id) else { throw Problem.fault }
        guard payment.status == .pending else { return .known }
        try payments.fail(payment.id, reason: paid.errorDescription.flatMap(Self.kept) ?? FailureReason.attemptFailed)
        return .noted
    }

    /// Every attempt at one order, as the vendor shows them now. The transaction holds no lock yet.
    func observe(_ attempts: [RazorpayPayment], origin: RequestOrigin, _ db: any Connection) throws {
        let paid = attempts.filter(\.isPaid)
        if !paid.isEmpty {
            for attempt in paid { _ = try captured(attempt, origin: origin, db) }
        } else if let authorized = attempts.first(where: { $0.status == .authorized }) {
            try self.authorized(authorized, origin: origin, db)
        } else if let last = attempts.last, attempts.allSatisfy({ $0.status == .failed }) {
            try failed(last, origin: origin, db)
        }
    }

    private func find(_ paid: RazorpayPayment, _ db: any Connection) throws -> Payment? {
        try paid.orderID.flatMap { try PaymentRepository(db: db).find(order: $0) }
    }

    /// Whether a payment, locked as its payable is, needs this money; its payable takes it then.
    private func isNeeded(_ payment: Payment, origin: RequestOrigin, _ db: any Connection) throws -> Bool {
        guard !payment.status.isPaid else { return false }
        guard let payable = payment.payable else { return true }
        guard try context.payable(payable).settle(payable.number, origin: origin, db) else { return false }
        try PaymentRepository(db: db).cancelOpen(of: payable, except: payment.id)
        return true
    }

    private func giveBack(_ capture: Capture, _ payment: Payment, _ db: any Connection) throws {
        let (reason, id) = (FailureReason.notNeeded, capture.gatewayPaymentID)
        let returned = try CaptureRepository(db: db).giveBack(id, because: reason)
        try PaymentRepository(db: db).cancel(payment.id, reason: reason)
        try RefundDesk(db: db).request(
            returned.amount, of: returned, payment: payment.id, key: RefundDesk.wholeKey(id), reason: reason, by: nil)
        guard context.settings.isMailAvailable else { return }
        try db.enqueue(MailOrder(PaymentMails.returned, about: PaymentMails.subject(payment.id), moment: db.now))
    }

    /// What is kept of the vendor's words.
    private static func kept(_ text: String) -> String? {
        TextSort.content(of: String(text.filter { !$0.isNewline }.prefix(200)))
    }
}

/// Why a person has to look at money.
enum Doubt {
    static let notUnderstood = "NOT_UNDERSTOOD"
    static let unknownOrder = "UNKNOWN_ORDER"
    static let otherAmount = "OTHER_AMOUNT"
    static let otherCurrency = "OTHER_CURRENCY"
    static let refundedElsewhere = "REFUNDED_ELSEWHERE"
    static let unknownRefund = "UNKNOWN_REFUND"
    static let unknownEvent = "UNKNOWN_EVENT"

    static func about(_ paid: RazorpayPayment, _ payment: Payment) -> String? {
        if paid.currency != "INR" { return otherCurrency }
        return paid.amount == payment.amount.minorUnits ? nil : otherAmount
    }

    /// Nobody has asked us for a refund of what we hear of for the first time.
    static func aboutRefunds(of paid: RazorpayPayment) -> String? {
        paid.status == .refunded || (paid.amountRefunded ?? 0) > 0 ? refundedElsewhere : nil
    }
}
