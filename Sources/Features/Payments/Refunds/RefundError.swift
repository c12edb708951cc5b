import CareSyncCore

/// What the routes of refunds refuse.
enum RefundError: FailureCatalogue, CaseIterable {
    case nothingLeft
    case tooMuch
    case captureNotFound
    case referenceUsed

    var problem: Problem {
        switch self {
        case .nothingLeft:
            Problem(.conflict, "NOTHING_TO_REFUND", "No money of this payment is left that could go back.")
        case .tooMuch:
            Problem(
                .conflict, "REFUND_EXCEEDS_PAYMENT", "The amount is more than what is left of the payment.",
                fieldErrors: [FieldError(field: "amount", message: "is more than what is left")])
        case .captureNotFound:
            Problem(
                .conflict, "MONEY_NOT_FOUND", "No money of this payment has that number.",
                fieldErrors: [FieldError(field: "gatewayPaymentId", message: "is no money of this payment")])
        case .referenceUsed:
            Problem(
                .conflict, "BANK_REFERENCE_USED", "The bank's reference was entered for another payment.",
                fieldErrors: [FieldError(field: "bankReference", message: "was entered for another payment")])
        }
    }
}
