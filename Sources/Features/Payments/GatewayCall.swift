import CareSyncCore
import Concurrency
import Logging
import Razorpay

extension PaymentContext {
    /// How long a request waits for the vendor, whatever it asks (rules/payments 9).
    static let patience: Duration = .seconds(13)

    /// Asks the vendor, outside of transactions, for a request that waits for it. Throws `GATEWAY_UNAVAILABLE`,
    /// `GATEWAY_BUSY` and `PAYMENTS_NOT_CONFIGURED`; what was under way when the time was over goes on by itself.
    func ask<Value: Sendable>(
        _ body: @escaping @Sendable (RazorpayClient) async throws -> Value
    ) async throws -> Value {
        guard let gateway else { throw PaymentError.notConfigured }
        do {
            guard let value = try await within(Self.patience, { try await body(gateway) }) else {
                throw PaymentError.gatewayUnavailable
            }
            return value
        } catch let failure as RazorpayFailure {
            throw problem(failure)
        }
    }

    private func problem(_ failure: RazorpayFailure) -> PaymentError {
        switch failure {
        case .busy: return .gatewayBusy
        case .unavailable: return .gatewayUnavailable
        case .refused(let status, let code, _):
            // The vendor's text may quote what it was sent.
            logger.error(
                "payments: the payment service refused a call", metadata: ["status": "\(status)", "code": "\(code)"])
            return .gatewayUnavailable
        }
    }
}
