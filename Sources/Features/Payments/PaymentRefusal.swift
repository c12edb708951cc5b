package import CareSyncCore

/// What ``PaymentDesk`` and ``PaymentRequest`` refuse, for the routes of features above.
package struct PaymentRefusal: FailureCatalogue {
    package let problem: Problem

    package static let all: [PaymentRefusal] = [
        PaymentError.notFound, .notLinkable, .notPayable, .active, .amountMismatch, .methodUnsupported,
        .currencyUnsupported, .gatewayUnavailable, .gatewayBusy, .notConfigured,
    ].map { PaymentRefusal(problem: $0.problem) }
}
