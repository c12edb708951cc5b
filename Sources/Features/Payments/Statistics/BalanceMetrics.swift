import CareSyncCore
import CareSyncMetrics

/// The balance as metrics. They show what the reconciliation has seen last, and nothing before it has seen any.
enum BalanceMetrics {
    static func add(_ board: BalanceBoard, to registry: MetricsRegistry) {
        let sums: [(name: String, help: String, sum: @Sendable (Balance) -> Money)] = [
            ("captured", "Money that has come in: the sum of the next three.", { $0.captured }),
            ("confirmed", "Money that pays for something, without what went back of it.", { $0.confirmed }),
            ("refunded", "Money that went back.", { $0.refunded }),
            ("in_review", "Money that pays for nothing and has not gone back yet.", { $0.inReview }),
        ]
        for (name, help, sum) in sums {
            registry.observe("caresync_payments_\(name)_rupees", help) {
                board.latest.map { Double(sum($0).minorUnits) / 100 }
            }
        }
    }
}
