import CareSyncCore
import Logging
import Persistence
import Razorpay

/// Asks the vendor about one payment or refund, and applies what it says.
struct GatewayCheck: Sendable {
    let context: PaymentContext

    typealias Report = Reconciliation.Report

    private var settlement: Settlement { Settlement(context: context) }
    private var database: any Database { context.database }

    /// Everything that was tried at the payment's order. Without any money, an old one ends.
    func payment(_ payment: Payment) async throws -> Report {
        var report = Report(checked: 1)
        let attempts = try await attempts(at: payment)
        for paid in attempts where paid.isPaid {
            report += try await captured(paid)
        }
        guard payment.status.isOpen, !attempts.contains(where: \.isPaid) else { return report }
        if let authorized = attempts.first(where: { $0.status == .authorized }) {
            _ = try await database.write { [settlement] db in
                try settlement.authorized(authorized, origin: Reconciliation.origin, db)
            }
        } else if payment.createdAt <= database.services.time.now - Reconciliation.patience {
            try await cancel(payment)
        }
        return report
    }

    private func attempts(at payment: Payment) async throws -> [RazorpayPayment] {
        // Nobody was ever asked for the money.
        guard payment.orderID != nil || payment.orderAttempts > 0 else { return [] }
        return try await asking { gateway in
            if let order = payment.orderID { return try await gateway.payments(ofOrder: order) }
            guard let order = try await gateway.order(receipt: payment.transactionID) else { return [] }
            try await database.write { db in
                try ReconciliationRepository(db: db).adoptOrder(order.id, for: payment.id)
            }
            return try await gateway.payments(ofOrder: order.id)
        } ?? []
    }

    private func captured(_ paid: RazorpayPayment) async throws -> Report {
        let outcome = try await database.write { [settlement] db in
            try settlement.captured(paid, origin: Reconciliation.origin, db)
        }
        var report = Report()
        switch outcome {
        case .confirmed: report.healed += 1
        case .returned:
            report.healed += 1
            report.refunded += 1
        case .review: report.healed += 1
        default: break
        }
        // What went back before we knew that it had come.
        guard (paid.amountRefunded ?? 0) > 0 else { return report }
        let refunds = try await asking { try await $0.refunds(of: paid.id) } ?? []
        for refund in refunds { report += try await told(refund) }
        return report
    }

    private func told(_ refund: RazorpayRefund) async throws -> Report {
        let outcome = try await database.write { [context] db in
            try Refunds(context: context).told(refund, origin: Reconciliation.origin, db)
        }
        return outcome == .applied ? Report(healed: 1, refunded: refund.status == .processed ? 1 : 0) : Report()
    }

    private func cancel(_ payment: Payment) async throws {
        try await database.write { [context] db in
            guard let locked = try PaymentLock(context: context, db: db).lock(payment.id), locked.status.isOpen,
                // Its order is new: somebody pays again right now.
                locked.orderID == payment.orderID, locked.updatedAt == payment.updatedAt
            else { return }
            try PaymentRepository(db: db).cancel(payment.id, reason: FailureReason.timedOut)
        }
    }

    /// One that was never answered is asked for again, under its key.
    func refund(_ refund: Refund) async throws -> Report {
        guard !refund.isByHand else { return Report() }
        guard let id = refund.gatewayRefundID else {
            let caller = RefundCaller(context: context)
            let answer = try await caller.ask(refund)
            if case .later(let failure) = answer {
                if let failure { try Self.stop(for: failure) }
                return Report(checked: 1)
            }
            let status = try await database.write { db in
                try caller.record(answer, to: refund, db)
                return try RefundRepository(db: db).find(refund.id)?.status
            }
            return Report(checked: 1, healed: 1, refunded: status == .refunded ? 1 : 0)
        }
        var report = Report(checked: 1)
        if let told = try await asking({ try await $0.refund(id) }) { report += try await self.told(told) }
        return report
    }

    /// `nil` when the vendor knows of no such thing. Throws ``Reconciliation/Stopped`` when it does not answer.
    private func asking<Answer: Sendable>(
        _ question: @Sendable (RazorpayClient) async throws -> Answer
    ) async throws -> Answer? {
        guard let gateway = context.gateway else { throw Reconciliation.Stopped.gatewayUnavailable }
        do {
            return try await question(gateway)
        } catch let failure as RazorpayFailure {
            try Self.stop(for: failure)
            context.logger.warning("reconciliation: the payment service does not know what it was asked about")
            return nil
        }
    }

    private static func stop(for failure: RazorpayFailure) throws {
        switch failure {
        case .busy: throw Reconciliation.Stopped.gatewayBusy
        case .unavailable: throw Reconciliation.Stopped.gatewayUnavailable
        // Anything else, such as a wrong key, says nothing of what was asked about.
        case .refused(let status, _, _) where status != 400 && status != 404:
            throw Reconciliation.Stopped.gatewayUnavailable
        case .refused: break
        }
    }
}
