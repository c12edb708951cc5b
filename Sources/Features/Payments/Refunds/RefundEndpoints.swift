import CareSyncCore
import WebAPI

struct RefundRequest: Codable, Sendable, Validated, Documented {
    var amount: Money?
    var reason: String
    var gatewayPaymentId: String?

    static let rules: [Rule<Self>] = [
        Rule("amount", .described("1.00 or more")) { request in
            request.amount.flatMap { $0 >= smallest ? nil : "must be 1.00 or more" }
        },
        .text("reason", \.reason, .line, 255),
        .maxLength("gatewayPaymentId", \.gatewayPaymentId, 100),
    ]

    /// The vendor gives back no less.
    private static let smallest = Money(minorUnits: 100)

    static let notes: [String: FieldNote] = [
        "amount": "In rupees; without it all that is left goes back.",
        "reason": "For the clinic's own books; nobody else sees it.",
        "gatewayPaymentId": "Which money, as `reconcile` lists it, when there is more than the payment's own.",
    ]
}

struct RefundEndpoints: Sendable {
    let context: PaymentContext
    let refunds: RefundService

    var all: [Endpoint] {
        [
            .post(
                "/api/payments/{transactionId}/refund", "Give money back",
                """
                Administrators. All that is left, or a part of it; never more than has come. The answer is the payment: the \
                refund is on its way, and `refundedAmount` grows when the payment service confirms it. Money that came past \
                the payment service is written down as handed back.
                """,
                access: .role(.admin),
                fails: [PaymentError.notFound], [RefundError.nothingLeft, .tooMuch, .captureNotFound], use: refund)
        ]
    }

    func refund(
        _ request: EndpointRequest<TransactionPath, RefundRequest>
    ) async throws -> IdempotentResponse<PaymentResponse> {
        let body = request.body
        let order = RefundService.Order(
            transaction: request.parameters.transactionId, amount: body.amount, reason: TextSort.trimmed(body.reason),
            gatewayPayment: body.gatewayPaymentId)
        let outcome = try await refunds.refund(
            order, origin: request.origin, once: try request.idempotency(response)
        ) { [context] payment, db in
            try PaymentOpening(context: context).shown(payment.id, db)
        }
        return try IdempotentResponse.from(outcome, response)
    }

    @Sendable private func response(_ shown: ShownPayment) throws -> PaymentResponse {
        PaymentResponse(shown, context)
    }
}
