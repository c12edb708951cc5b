import CareSyncCore
import Foundation
import Logging
import Persistence
import Razorpay

/// Takes the vendor's events. Each takes effect once, in the transaction that keeps its id, without a call of the vendor.
struct WebhookService: Sendable {
    let settlement: Settlement
    /// What an event about a refund does.
    let refunded: @Sendable (RazorpayRefund, RequestOrigin, any Connection) throws -> Settlement.Outcome

    private static let job = "payment.webhook"
    private var context: PaymentContext { settlement.context }

    /// Throws `SIGNATURE_INVALID` before anything of the body is read. Whatever was signed is taken: refusals make the
    /// vendor switch the webhook off.
    func receive(_ body: [UInt8], signature: String?, eventID: String?) async throws {
        guard let account = context.settings.account, let signature, !body.isEmpty,
            account.signatures.isWebhookValid(signature, body: body)
        else { throw PaymentError.badWebhookSignature }
        let event = RazorpayEvent(body: Data(body))
        let id = EventInbox.id(eventID, body: body)
        do {
            try await context.database.write { db in
                try take(id, event, db) { try verdict(on: event, db) }
            }
        } catch let refusal as any FailureCatalogue {
            try await keep(id, event, refusal.problem)
        } catch let problem as Problem {
            try await keep(id, event, problem)
        }
    }

    private func take(
        _ id: String, _ event: RazorpayEvent?, _ db: any Connection, verdict: () throws -> EventVerdict
    ) throws {
        let inbox = EventInbox(db: db)
        guard try inbox.insert(id, event) else { return }
        let verdict = try verdict()
        guard verdict.outcome != .applied else { return }
        try inbox.settle(id, verdict)
        guard let reason = verdict.reason else { return }
        context.logger.warning(
            "payments: an event waits for a person", metadata: ["event": "\(id)", "reason": "\(reason)"])
    }

    /// Keeps an event whose effect was refused by a rule, so that a person finds it and the vendor does not send it again.
    private func keep(_ id: String, _ event: RazorpayEvent?, _ problem: Problem) async throws {
        guard problem.kind != .unavailable, problem.kind != .fault else { throw problem }
        try await context.database.write { db in try take(id, event, db) { .review(problem.code) } }
    }

    private func verdict(on event: RazorpayEvent?, _ db: any Connection) throws -> EventVerdict {
        guard let event else { return .review(Doubt.notUnderstood) }
        let origin = RequestOrigin.system(Self.job)
        switch event.name {
        case "payment.authorized", "payment.captured", "payment.failed", "order.paid":
            guard let payment = event.payment else { return .review(Doubt.notUnderstood) }
            return EventVerdict(try told(payment, origin, db))
        case "refund.created", "refund.processed", "refund.failed":
            guard let refund = event.refund else { return .review(Doubt.notUnderstood) }
            return EventVerdict(try refunded(refund, origin, db))
        default:
            return .review(Doubt.unknownEvent)
        }
    }

    /// The entity is a snapshot that may say more, or less, than the name of its event.
    private func told(
        _ payment: RazorpayPayment, _ origin: RequestOrigin, _ db: any Connection
    ) throws -> Settlement.Outcome {
        if payment.isPaid { return try settlement.captured(payment, origin: origin, db) }
        return switch payment.status {
        case .failed: try settlement.failed(payment, origin: origin, db)
        // Said to be captured, and shown as not: the queued call finds out.
        case .authorized, .created, .captured, .refunded: try settlement.authorized(payment, origin: origin, db)
        }
    }
}
