import CareSyncCore
import Persistence
import Razorpay

/// What the vendor's checkout hands to the page.
struct CheckoutProof: Sendable {
    let order: String
    let payment: String
    let signature: String
}

/// Asks the vendor how a payment stands, and settles what has come.
struct PaymentVerification: Sendable {
    let listing: PaymentListing
    let settlement: Settlement
    private var context: PaymentContext { settlement.context }

    /// Throws `SIGNATURE_INVALID` for a proof of another payment; without a proof every attempt is asked for.
    func verify(
        _ transaction: String, _ proof: CheckoutProof?, by reader: PaymentReader, origin: RequestOrigin
    ) async throws -> ShownPayment {
        let shown = try await listing.find(transaction, for: reader, origin: origin)
        let payment = shown.payment
        if let proof { try check(proof, of: payment) }
        guard let order = payment.orderID, proof != nil || !payment.status.isPaid else { return shown }
        let attempts = try await context.ask { gateway in
            guard let proof else { return try await gateway.payments(ofOrder: order) }
            return [try await gateway.payment(proof.payment)]
        }
        guard attempts.allSatisfy({ $0.orderID == order }) else { throw PaymentError.badSignature }
        return try await context.database.write { db in
            try settlement.observe(attempts, origin: origin, db)
            return try PaymentOpening(context: context).shown(payment.id, db)
        }
    }

    /// A proof is of our own order, whatever order the client names.
    private func check(_ proof: CheckoutProof, of payment: Payment) throws {
        guard let account = context.settings.account, let order = payment.orderID, proof.order == order,
            account.signatures.isCheckoutValid(order: order, payment: proof.payment, signature: proof.signature)
        else { throw PaymentError.badSignature }
    }
}
