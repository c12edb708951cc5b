import CareSyncCore
import Logging
import Outbox
import Persistence
import Razorpay

/// Asks the vendor to give money back. The row and its key are committed before; repeating the call with the key is harmless,
/// so it goes on until there is an answer, whatever happens in between (rules/refunds 2).
struct RefundCaller: Sendable {
    let context: PaymentContext

    /// Quickly at first, so that money is on its way within seconds; each minute after a while, for days.
    static let retry = RetryPolicy(attempts: 5_000, firstDelay: .seconds(1), longestDelay: .minutes(1))
    private static let origin = RequestOrigin.system(RefundCall.kind)

    enum Answer: Sendable {
        case told(RazorpayRefund)
        /// For good. What the vendor knows of refunds of the same payment comes with it.
        case refused([RazorpayRefund])
        case later(RazorpayFailure?)
    }

    var handler: JobHandler {
        .effect(RefundCall.self, lane: PaymentLane.name, retry: Self.retry) { job, attempt in
            guard let refund = try await context.database.read({ try RefundRepository(db: $0).find(job.refund) }),
                refund.status != .failed
            else { return .done() }
            // An earlier try has come through, and its news was faster than its answer.
            if attempt.number > 1, refund.gatewayRefundID != nil { return .done() }
            switch try await ask(refund) {
            case .later(let failure): return .failed(Self.code(failure))
            case let answer: return .done { db in try record(answer, to: refund, db) }
            }
        }
    }

    func ask(_ refund: Refund) async throws -> Answer {
        guard let gateway = context.gateway else { return .later(nil) }
        do {
            return .told(
                try await gateway.refund(refund.gatewayPaymentID, amount: refund.amount, key: refund.key))
        } catch let failure as RazorpayFailure {
            guard Self.isFinal(failure) else { return .later(failure) }
            // The vendor's own words may quote what it was sent.
            context.logger.warning(
                "refund refused", metadata: ["refund": "\(refund.id)", "failure": "\(Self.code(failure))"])
            do {
                return .refused(try await gateway.refunds(of: refund.gatewayPaymentID))
            } catch let failure as RazorpayFailure {
                // Of a payment that the vendor does not know there are no refunds either.
                return Self.isFinal(failure) ? .refused([]) : .later(failure)
            }
        }
    }

    /// The transaction holds no lock yet.
    func record(_ answer: Answer, to refund: Refund, _ db: any Connection) throws {
        let refunds = Refunds(context: context)
        switch answer {
        case .told(let told): try refunds.answered(refund.id, by: told, origin: Self.origin, db)
        case .refused(let known):
            // It may have been refused because it was made already, by whatever call.
            for told in known { try refunds.told(told, origin: Self.origin, db) }
            try refunds.refused(refund.id, db)
        case .later: break
        }
    }

    /// Whether asking again is of no use. A wrong key is mended by the clinic, and a call with the same key that is under way
    /// ends.
    private static func isFinal(_ failure: RazorpayFailure) -> Bool {
        guard case .refused(let status, let code, let text) = failure else { return false }
        switch status {
        case 400, 422: return code != "GATEWAY_ERROR" && code != "SERVER_ERROR"
        case 409: return text.lowercased().contains("different")
        default: return false
        }
    }

    private static func code(_ failure: RazorpayFailure?) -> String {
        switch failure {
        case nil: "PAYMENTS_NOT_CONFIGURED"
        case .busy: "GATEWAY_BUSY"
        case .unavailable: "GATEWAY_UNAVAILABLE"
        case .refused(let status, _, _): "GATEWAY_REFUSED_\(status)"
        }
    }
}

/// The outbox worker of calls to the vendor: while the vendor hangs, mails and other effects go on.
enum PaymentLane {
    static let name = "payments"
}
