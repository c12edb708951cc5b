import CareSyncCore
import Concurrency
import Logging
import Persistence
import Razorpay

extension PaymentDesk {
    /// Makes the vendor's order of a reserved payment unless it has one. Outside of transactions. Throws
    /// `GATEWAY_UNAVAILABLE`, `GATEWAY_BUSY` and `PAYMENTS_NOT_CONFIGURED`.
    package func placeOrder(_ id: PaymentID) async throws {
        guard let payment = try await waiting(id) else { return }
        guard context.gateway != nil else { throw PaymentError.notConfigured }
        try await context.ordering.run(at: id) { isFirst in
            if isFirst { return try await makeOrder(payment) }
            // Somebody else has just asked for this order: it is there, or the vendor does not answer.
            guard try await waiting(id) == nil else { throw PaymentError.gatewayUnavailable }
        }
    }

    /// The payment, while it needs an order.
    private func waiting(_ id: PaymentID) async throws -> Payment? {
        let payment = try await context.database.read { db in try PaymentRepository(db: db).find(id) }
        guard let payment, payment.orderID == nil, payment.status == .pending else { return nil }
        return payment
    }

    private func makeOrder(_ payment: Payment) async throws {
        let begun = try await context.database.write { db in try PaymentRepository(db: db).beginOrder(payment.id) }
        guard let attempt = begun else { return }
        let order = try await context.ask { gateway in
            // An earlier call may have arrived although nobody heard of it.
            if attempt > 1, let earlier = try await gateway.order(receipt: payment.transactionID) { return earlier }
            return try await gateway.createOrder(amount: payment.amount, receipt: payment.transactionID)
        }
        guard order.amount == payment.amount.minorUnits, order.currency == "INR" else {
            context.logger.error(
                "payments: the payment service made another order than was asked for",
                metadata: ["payment": "\(payment.id)"])
            throw PaymentError.gatewayUnavailable
        }
        try await context.database.write { db in try PaymentRepository(db: db).complete(payment.id, order: order.id) }
    }
}
