import CareSyncCore
import FeatureContract
import Persistence
import Razorpay

/// What becomes of a refund once the vendor tells of it, whoever heard first: the call that asked for it, a webhook or a
/// reconciliation. News counts in any order (rules/refunds 3).
struct Refunds: Sendable {
    let context: PaymentContext

    enum Outcome: Sendable, Equatable {
        case applied
        /// It was known already; nothing has changed.
        case known
        /// It fits nothing that is known; a person must look.
        case review
    }

    /// Records what the vendor says of a refund, also of one that was made there and not by us. The transaction holds no lock
    /// of a payable or payment yet.
    @discardableResult
    func told(_ refund: RazorpayRefund, origin: RequestOrigin, _ db: any Connection) throws -> Outcome {
        let rows = RefundRepository(db: db)
        guard refund.currency == "INR", Capture.amounts.contains(refund.amount),
            let capture = try rows.capture(refund.paymentID)
        else {
            return .review
        }
        let payment = try lock(capture, db)
        let amount = Money(minorUnits: refund.amount)
        if let known = try rows.find(gatewayRefund: refund.id) {
            guard known.gatewayPaymentID == refund.paymentID, known.amount == amount else { return .review }
            return try move(known, to: refund, of: capture, payment, db)
        }
        if let waiting = try rows.unanswered(of: refund.paymentID, amount) {
            return try move(waiting, to: refund, of: capture, payment, db)
        }
        let id = try rows.insert(
            RefundRepository.Draft(
                payment: payment?.id, patient: payment?.patientID, gatewayPayment: refund.paymentID, amount: amount,
                reason: RefundReason.vendor.rawValue, key: "vendor-\(refund.id)", gatewayRefund: refund.id))
        guard let id, let added = try rows.find(id) else { return .known }
        return try move(added, to: refund, of: capture, payment, db)
    }

    /// What a webhook tells.
    func heard(_ refund: RazorpayRefund, origin: RequestOrigin, _ db: any Connection) throws -> Settlement.Outcome {
        switch try told(refund, origin: origin, db) {
        case .applied: .noted
        case .known: .known
        case .review: .review(Doubt.unknownRefund)
        }
    }

    /// Records the vendor's answer to the call for a refund. When news of another refund of the same sum was taken for
    /// this one's before, both come out right.
    func answered(_ id: Int64, by told: RazorpayRefund, origin: RequestOrigin, _ db: any Connection) throws {
        let rows = RefundRepository(db: db)
        guard let asked = try rows.find(id), let capture = try rows.capture(asked.gatewayPaymentID) else { return }
        let payment = try lock(capture, db)
        guard let refund = try rows.find(id) else { return }
        let holder = try rows.find(gatewayRefund: told.id)
        let isFree = holder == nil && refund.gatewayRefundID == nil
        guard isFree || holder?.id == id else {
            try self.told(told, origin: origin, db)
            return
        }
        try move(refund, to: told, of: capture, payment, db)
    }

    /// The vendor has refused for good what it was asked for; a person must look.
    func refused(_ id: Int64, _ db: any Connection) throws {
        let rows = RefundRepository(db: db)
        guard let asked = try rows.find(id), let capture = try rows.capture(asked.gatewayPaymentID) else { return }
        let payment = try lock(capture, db)
        guard try rows.find(id)?.status == .pending else { return }
        try rows.update(id, to: .failed, gatewayRefund: nil)
        if let payment { try refresh(payment, db) }
    }

    /// A person has handed money back that never went through the vendor. The payment is locked.
    func handedBack(_ refund: Refund, of id: PaymentID, _ db: any Connection) throws {
        guard let payment = try PaymentRepository(db: db).find(id) else { return }
        try RefundRepository(db: db).update(refund.id, to: .refunded, gatewayRefund: nil)
        try refresh(payment, db)
    }

    private func lock(_ capture: Capture, _ db: any Connection) throws -> Payment? {
        if let id = capture.paymentID { return try PaymentLock(context: context, db: db).lock(id) }
        _ = try RefundRepository(db: db).lockCapture(capture.gatewayPaymentID)
        return nil
    }

    @discardableResult
    private func move(
        _ refund: Refund, to told: RazorpayRefund, of capture: Capture, _ payment: Payment?, _ db: any Connection
    ) throws -> Outcome {
        let status = RefundStatus(told.status)
        let isNews = status.rank > refund.status.rank
        guard isNews || refund.gatewayRefundID == nil else { return .known }
        let rows = RefundRepository(db: db)
        if isNews, status == .refunded {
            let before = try rows.refunded(of: capture.gatewayPaymentID)
            guard before + refund.amount <= capture.amount else { return .review }
            // Nothing is left to decide.
            if before + refund.amount == capture.amount { try rows.markReturned(capture) }
        }
        try rows.update(refund.id, to: isNews ? status : refund.status, gatewayRefund: told.id)
        if let payment { try refresh(payment, db) }
        return .applied
    }

    /// Makes a locked payment say what its refunds say.
    private func refresh(_ payment: Payment, _ db: any Connection) throws {
        let rows = RefundRepository(db: db)
        let refunds = try rows.list(of: payment.id)
        let captures = try rows.captures(of: payment.id)
        func refunded(_ capture: Capture) -> Money {
            refunds.filter { $0.gatewayPaymentID == capture.gatewayPaymentID && $0.status == .refunded }
                .reduce(.zero) { $0 + $1.amount }
        }
        var (status, total) = (payment.status, payment.refunded)
        let confirmed = captures.first { $0.state == .confirmed }
        if let confirmed {
            total = refunded(confirmed)
            status = total == payment.amount ? .refunded : total > .zero ? .partialRefund : status
        } else if captures.contains(where: { $0.amount == payment.amount && refunded($0) == payment.amount }) {
            (status, total) = (.refunded, payment.amount)
        }
        // Of money that came twice only the first counts; the other goes back without a word about the payment.
        let counted = confirmed.map { one in refunds.filter { $0.gatewayPaymentID == one.gatewayPaymentID } }
        try rows.update(payment, status: status, refunded: total, refundStatus: RefundStatus(of: counted ?? refunds))
        guard confirmed != nil, status == .refunded, payment.status != .refunded, let payable = payment.payable
        else { return }
        try context.payables[payable.kind]?.refunded(payable.number, db)
    }
}

extension RefundStatus {
    init(_ status: RazorpayRefund.Status) {
        switch status {
        case .pending: self = .processing
        case .processed: self = .refunded
        case .failed: self = .failed
        }
    }

    /// Of a payment with these refunds, the oldest first: what is under way, else what came of the last.
    init(of refunds: [Refund]) {
        if refunds.contains(where: { $0.status == .pending }) {
            self = .pending
        } else if refunds.contains(where: { $0.status == .processing }) {
            self = .processing
        } else {
            self = refunds.last?.status ?? .notRefunded
        }
    }
}
