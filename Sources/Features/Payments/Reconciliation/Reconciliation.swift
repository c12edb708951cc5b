import CareSyncCore
import Persistence
import Razorpay

/// Asks the vendor about everything that is not final, and makes our rows say what it says (rules/refunds 7). Each step is
/// a short transaction that changes nothing when it is repeated, so it may stop anywhere, and run twice at once.
struct Reconciliation: Sendable {
    let context: PaymentContext

    /// What one run has found.
    struct Report: Sendable, Equatable {
        /// Payments and refunds that the vendor was asked about.
        var checked = 0
        /// Those whose news had been lost.
        var healed = 0
        /// Refunds that began, or were confirmed.
        var refunded = 0

        static func += (left: inout Report, right: Report) {
            left.checked += right.checked
            left.healed += right.healed
            left.refunded += right.refunded
        }
    }

    /// Why a run has stopped before its end.
    enum Stopped: Error {
        case gatewayBusy
        case gatewayUnavailable
    }

    /// Calls at once: of the ten that the vendor gets, most stay for people who pay.
    static let width = 4
    static let batch = 20
    static let origin = RequestOrigin.system("payment.reconcile")

    /// How old what is looked at must be, when nobody has asked for it: news usually comes by itself.
    static let quiet = TimeSpan.minutes(2)
    /// Unpaid for so long, a payment ends.
    static let patience = TimeSpan.minutes(30)
    /// For so long a bank may say yes to an attempt that had failed.
    static let lateness = TimeSpan.days(4)
    /// Paid for nothing for so long, money goes back.
    static let unclaimed = TimeSpan.hours(24)

    private var check: GatewayCheck { GatewayCheck(context: context) }

    /// Refunds, and money that nobody needs; then payments that wait. Returns where it has come to, `nil` for the end.
    func open(
        from cursor: RoundCursor = .start, minimumAge: TimeSpan, until end: ContinuousClock.Instant
    ) async throws -> (report: Report, cursor: RoundCursor?) {
        var report = try await unclaimed()
        let before = context.database.services.time.now - minimumAge
        let refunds = try await walk(from: .start, until: end) { db, cursor -> [Refund] in
            try db.all(ReconciliationRepository.openRefunds(after: cursor, until: before, limit: Self.batch))
        } key: {
            RoundCursor(at: $0.createdAt, id: $0.id)
        } body: {
            try await check.refund($0)
        }
        report += refunds.report
        let payments = try await walk(from: cursor, until: end) { db, cursor -> [Payment] in
            try db.all(ReconciliationRepository.open(after: cursor, until: before, limit: Self.batch))
        } key: {
            RoundCursor(at: $0.createdAt, id: $0.id.rawValue)
        } body: {
            try await check.payment($0)
        }
        report += payments.report
        return (report, payments.cursor)
    }

    /// What has ended unpaid of late.
    func closed(
        from cursor: RoundCursor = .start, until end: ContinuousClock.Instant
    ) async throws -> (report: Report, cursor: RoundCursor?) {
        let now = context.database.services.time.now
        let first = max(cursor.at, now - Self.lateness)
        return try await walk(
            from: first == cursor.at ? cursor : RoundCursor(at: first, id: 0), until: end
        ) { db, cursor -> [Payment] in
            try db.all(ReconciliationRepository.closed(after: cursor, until: now, limit: Self.batch))
        } key: {
            RoundCursor(at: $0.createdAt, id: $0.id.rawValue)
        } body: {
            try await check.payment($0)
        }
    }

    /// Needs no vendor; the refunds are jobs.
    private func unclaimed() async throws -> Report {
        let since = context.database.services.time.now - Self.unclaimed
        let found: [PaymentID] = try await context.database.read { db in
            try db.values(ReconciliationRepository.unclaimed(since: since, limit: Self.batch))
        }
        var report = Report()
        for payment in found {
            let goesBack = try await context.database.write { [context] db in
                try RefundPolicy(context: context).giveBackUnclaimed(payment, db)
            }
            if goesBack { report.refunded += 1 }
        }
        return report
    }

    private func walk<Item: Sendable>(
        from start: RoundCursor, until end: ContinuousClock.Instant,
        _ list: @escaping @Sendable (any Connection, RoundCursor) throws -> [Item],
        key: @Sendable (Item) -> RoundCursor, body: @escaping @Sendable (Item) async throws -> Report
    ) async throws -> (report: Report, cursor: RoundCursor?) {
        var (report, cursor) = (Report(), start)
        while true {
            let items = try await context.database.read { [cursor] db in try list(db, cursor) }
            guard let last = items.last else { return (report, nil) }
            report += try await together(items, body)
            cursor = key(last)
            // However short the time, each run comes some way.
            guard ContinuousClock.now < end else { return (report, cursor) }
        }
    }

    /// A few at a time. The first that shows the vendor away ends it.
    private func together<Item: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async throws -> Report
    ) async throws -> Report {
        try await withThrowingTaskGroup(of: Report.self) { group in
            var (report, waiting) = (Report(), items[...])
            for _ in 0..<Self.width {
                if let item = waiting.popFirst() { group.addTask { try await body(item) } }
            }
            while let part = try await group.next() {
                report += part
                if let item = waiting.popFirst() { group.addTask { try await body(item) } }
            }
            return report
        }
    }
}
