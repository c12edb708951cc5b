import CareSyncCore
import Directory

/// What the routes of payments refuse.
enum PaymentError: FailureCatalogue, CaseIterable {
    case notFound
    case payableNotFound
    case patientNotFound
    /// The vault seals nothing more for an erased patient.
    case patientInactive
    case notPayable
    case active
    case amountMismatch
    case methodUnsupported
    case currencyUnsupported
    case notOpen
    case badSignature
    case badWebhookSignature
    case gatewayBusy
    case gatewayUnavailable
    case notConfigured
    case notLinkable

    var problem: Problem {
        switch self {
        case .notFound: Problem(.notFound, "PAYMENT_NOT_FOUND", "There is no such payment.")
        case .payableNotFound: Problem(.notFound, "NOT_FOUND", "There is nothing like that to pay for.")
        case .patientNotFound: Problem(.notFound, "PATIENT_NOT_FOUND", "There is no such patient.")
        case .patientInactive: PatientVault.erased
        case .notPayable:
            Problem(.conflict, "NOT_PAYABLE", "It is paid already, or cannot be paid for any more.")
        case .active: Problem(.conflict, "PAYMENT_ACTIVE", "Its payment is under way, or done.")
        case .amountMismatch:
            Problem(
                .badRequest, "AMOUNT_MISMATCH", "The amount is not what it costs.",
                fieldErrors: [FieldError(field: "amount", message: "is not what it costs")])
        case .methodUnsupported:
            Problem(
                .badRequest, "PAYMENT_METHOD_UNSUPPORTED", "Only UPI, CARD and QR_CODE can be paid with.",
                fieldErrors: [FieldError(field: "paymentMethod", message: "must be UPI, CARD or QR_CODE")])
        case .currencyUnsupported:
            Problem(
                .badRequest, "CURRENCY_UNSUPPORTED", "Only INR can be paid in.",
                fieldErrors: [FieldError(field: "currency", message: "must be INR")])
        case .notOpen: Problem(.conflict, "ILLEGAL_TRANSITION", "The payment does not wait for its money any more.")
        case .badSignature:
            Problem(
                .badRequest, "SIGNATURE_INVALID", "The signature does not belong to this payment.",
                fieldErrors: [FieldError(field: "razorpay_signature", message: "does not belong to this payment")])
        case .badWebhookSignature:
            Problem(.unauthenticated, "SIGNATURE_INVALID", "The signature does not belong to this body.")
        case .gatewayBusy:
            Problem(
                .tooManyRequests, "GATEWAY_BUSY", "Too many payments are being made. Try again soon.", retryAfter: 2)
        case .gatewayUnavailable:
            Problem(
                .failedDependency, "GATEWAY_UNAVAILABLE",
                "The payment service does not answer. Nothing was taken. Try again.")
        case .notConfigured:
            Problem(.failedDependency, "PAYMENTS_NOT_CONFIGURED", "This clinic does not take payments online.")
        case .notLinkable:
            Problem(
                .conflict, "NOT_LINKABLE", "The payment has not been captured, belongs to something, or does not fit.")
        }
    }
}
