import CareSyncCore
import WebAPI

/// What a reconciliation has found.
struct ReconciliationResponse: WireResponse, Documented {
    let checked: Int
    let healed: Int
    let refunded: Int
    let complete: Bool
    let review: [ReviewItemResponse]

    init(_ outcome: ReconciliationService.Outcome) {
        checked = outcome.report.checked
        healed = outcome.report.healed
        refunded = outcome.report.refunded
        complete = outcome.isComplete
        review = outcome.review.map(ReviewItemResponse.init)
    }

    static let notes: [String: FieldNote] = [
        "checked": "Payments and refunds that the payment service was asked about.",
        "healed": "Those of which news had been lost.",
        "refunded": "Refunds that began, or were confirmed.",
        "complete": "False when there was more than time; the rest follows by itself.",
        "review": "What a person must decide.",
    ]
}

struct ReviewItemResponse: WireResponse, Documented {
    let type: ReviewItem.Kind
    let transactionId: String?
    let gatewayPaymentId: String?
    let amount: Money?
    let reason: String?
    let since: Instant

    init(_ item: ReviewItem) {
        type = item.kind
        transactionId = item.transactionID
        gatewayPaymentId = item.gatewayPaymentID
        amount = item.amount
        reason = item.reason
        since = item.since
    }

    static let notes: [String: FieldNote] = [
        "type": "What kind of matter it is.",
        "amount": "In rupees; null when it is not known.",
        "transactionId": "Of the payment; null when the money fits none.",
        "gatewayPaymentId":
            "As the payment service names the money, `manual-` and the bank's reference for what came past it.",
        "reason": "Why it waits for a person.",
        "since": "When it began to wait.",
    ]
}

struct ReconciliationEndpoints: Sendable {
    let reconciliation: ReconciliationService

    var all: [Endpoint] {
        [
            .post(
                "/api/payments/reconcile", "Compare everything that is not final with the payment service",
                "Administrators. News that was lost is applied; the answer lists what a person must decide.",
                access: .role(.admin),
                fails: [PaymentError.notConfigured, .gatewayBusy, .gatewayUnavailable], use: reconcile)
        ]
    }

    func reconcile(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> ReconciliationResponse {
        ReconciliationResponse(try await reconciliation.reconcile(by: request.origin))
    }
}
