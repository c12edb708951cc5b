import CareSyncCore
import WebAPI

struct PayPageParameters: Codable, Sendable, Documented {
    let code: String
    let paid: Int?

    static let notes: [String: FieldNote] = [
        "code": "As the link has it.", "paid": "1 after the checkout: then the payment service is asked.",
    ]
}

/// The page behind a mailed link to pay.
struct PayPageEndpoints: Sendable {
    let pages: PayPageService

    var all: [Endpoint] {
        [
            .get(
                "/public/pay/{code}", "The page on which something is paid",
                "Whoever holds the link, for as long as the slot is held; afterwards a page that says so, with 410. It "
                    + "shows what, how much and until when, opens the checkout of the payment service, and names nobody.",
                access: .public, fails: [PaymentError.payableNotFound], settings: .code, use: page)
        ]
    }

    func page(_ request: EndpointRequest<PayPageParameters, NoBody>) async throws -> HTMLResponse {
        try await pages.page(
            code: request.parameters.code, hasPaid: request.parameters.paid == 1, origin: request.origin
        ).response
    }
}
