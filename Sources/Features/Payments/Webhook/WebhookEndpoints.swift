import CareSyncCore
import WebAPI

struct WebhookResponse: WireResponse, Documented {
    let status: String

    static let notes: [String: FieldNote] = ["status": FieldNote("Always `success`.", example: "success")]
}

struct WebhookEndpoints: Sendable {
    let webhook: WebhookService

    /// The vendor's events have a few kilobytes.
    private static let settings = EndpointSettings(bodyLimit: 256 << 10, rateClass: .exempt)

    var all: [Endpoint] {
        [
            .post(
                "/api/payments/webhook/razorpay", "News from the payment service",
                """
                Whoever knows the webhook's secret: the body is signed in `X-Razorpay-Signature`. Each event, by \
                `X-Razorpay-Event-Id`, takes effect once.
                """,
                access: .public, fails: [PaymentError.badWebhookSignature], settings: Self.settings, use: receive)
        ]
    }

    func receive(_ request: EndpointRequest<NoParameters, RawBody>) async throws -> WebhookResponse {
        try await webhook.receive(
            request.body.bytes, signature: request.metadata.header("X-Razorpay-Signature"),
            eventID: request.metadata.header("X-Razorpay-Event-Id"))
        return WebhookResponse(status: "success")
    }
}
