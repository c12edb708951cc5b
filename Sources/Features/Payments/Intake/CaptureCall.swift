import CareSyncCore
import Outbox
import Persistence
import Razorpay

/// Takes an authorised payment, should the vendor not do it by itself.
struct CaptureCall: Job {
    static let kind = "payment.capture"
    let gatewayPayment: String
    let payment: PaymentID
    var key: String { gatewayPayment }

    /// At once, and for two days: then the vendor gives the money back.
    static let retry = RetryPolicy(attempts: 60, firstDelay: .seconds(1), longestDelay: .hours(1))
}

/// What carries out ``CaptureCall``.
struct CaptureCalls: Sendable {
    let settlement: Settlement

    var handler: JobHandler {
        .effect(CaptureCall.self, lane: PaymentLane.name, retry: CaptureCall.retry) { job, _ in try await run(job) }
    }

    private func run(_ job: CaptureCall) async throws -> EffectResult {
        let context = settlement.context
        let payment = try await context.database.read { db -> Payment? in
            if try CaptureRepository(db: db).knows(job.gatewayPayment) { return nil }
            return try PaymentRepository(db: db).find(job.payment)
        }
        guard let payment else { return .done() }
        guard let gateway = context.gateway else { return .parked("PAYMENTS_NOT_CONFIGURED") }
        do {
            let paid = try await Self.capture(job.gatewayPayment, payment.amount, gateway)
            guard paid.isPaid || paid.status == .failed else { return .failed("NOT_CAPTURED") }
            return .done { db in
                try settlement.observe([paid], origin: .system(CaptureCall.kind), db)
            }
        } catch RazorpayFailure.refused {
            return .failed("REFUSED")
        } catch is RazorpayFailure {
            return .failed("UNAVAILABLE")
        }
    }

    /// The payment as it is after its capture, by whomever.
    private static func capture(
        _ id: String, _ amount: Money, _ gateway: RazorpayClient
    ) async throws -> RazorpayPayment {
        do {
            return try await gateway.capture(id, amount: amount)
        } catch RazorpayFailure.refused {
            // Nearly always because the vendor has captured it.
            return try await gateway.payment(id)
        }
    }
}
