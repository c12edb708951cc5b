import CareSyncCore
import WebAPI

struct PaymentStatisticsResponse: WireResponse, Documented {
    let totalPayments: Int64
    let successfulPayments: Int64
    let failedPayments: Int64
    let totalRevenue: Money
    let averageTransactionAmount: Money
    let captured: Money
    let confirmed: Money
    let refunded: Money
    let inReview: Money

    static let notes: [String: FieldNote] = [
        "totalPayments": "All payments that were ever begun.",
        "successfulPayments": "Paid, and nothing of it went back.",
        "failedPayments": "Failed or cancelled.",
        "totalRevenue": "What came in, without what the payment service has confirmed to have gone back.",
        "averageTransactionAmount": "The revenue for each successful payment; 0 without any.",
        "captured": "All money that has come in: the sum of the next three.",
        "confirmed": "What pays for something, without what went back of it.",
        "refunded": "What went back.",
        "inReview": "What pays for nothing and has not gone back: it is on its way, or a person must decide.",
    ]

    init(_ statistics: PaymentStatistics) {
        totalPayments = statistics.counts.total
        successfulPayments = statistics.counts.successful
        failedPayments = statistics.counts.failed
        totalRevenue = statistics.revenue
        averageTransactionAmount = statistics.average
        captured = statistics.balance.captured
        confirmed = statistics.balance.confirmed
        refunded = statistics.balance.refunded
        inReview = statistics.balance.inReview
    }
}

/// The clinic's payments in figures, which name nobody.
struct StatisticsEndpoints: Sendable {
    let statistics: StatisticsService

    var all: [Endpoint] {
        [
            .get(
                "/api/payments/statistics", "Payments in figures",
                "Administrators. What came in is always what pays for something, went back, or waits to be decided.",
                access: .role(.admin), settings: .expensive, use: find)
        ]
    }

    func find(_ request: EndpointRequest<NoParameters, NoBody>) async throws -> PaymentStatisticsResponse {
        PaymentStatisticsResponse(try await statistics.statistics())
    }
}
