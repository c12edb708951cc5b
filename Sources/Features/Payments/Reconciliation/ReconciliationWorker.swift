import CareSyncCore
import Concurrency
import Cryptography
import Logging
import Persistence

/// Makes the rounds by itself: at start and each minute, by one node at a time. A round that is cut short goes on where it
/// was.
struct ReconciliationWorker: Sendable {
    let context: PaymentContext
    let board: BalanceBoard

    /// Between two looks at whether a round is due.
    private static let pace = Duration.seconds(5)
    /// A round ends before its claim does, also when its last calls take their time.
    private static let longest = Duration.seconds(50)

    func run() async {
        do {
            try await make(.open, isForced: true)
        } catch {
            context.logger.warning("reconciliation at start failed", metadata: ["error": "\(type(of: error))"])
        }
        await withTaskGroup(of: Void.self) { group in
            for round in ReconciliationRound.allCases {
                group.addTask {
                    await PeriodicTask("payment reconciliation", every: Self.pace, logger: context.logger) {
                        try await make(round)
                    }.run()
                }
            }
        }
    }

    /// Makes a round that is due; `nil` when none was.
    @discardableResult
    func make(
        _ round: ReconciliationRound, isForced: Bool = false, within limit: Duration = longest
    ) async throws -> Reconciliation.Report? {
        let database = context.database
        // Looked up on a reader, so writers do not wait for an idle worker.
        let isDue = try await database.read { try ReconciliationRepository(db: $0).isDue(round) }
        guard isForced || isDue else { return nil }
        let claim = Hex.text(database.services.random.bytes(16))
        let cursor = try await database.write { db in
            try ReconciliationRepository(db: db).claim(round, as: claim, isForced: isForced)
        }
        guard let cursor else { return nil }
        do {
            let made = try await go(round, from: cursor, until: .now + limit)
            try await finish(round, claim, at: made.cursor)
            if round == .open { try await weigh() }
            return made.report
        } catch {
            // Where it stopped, others may go on: a minute later from its beginning.
            try await finish(round, claim, at: nil)
            throw error
        }
    }

    private func go(
        _ round: ReconciliationRound, from cursor: RoundCursor, until end: ContinuousClock.Instant
    ) async throws -> (report: Reconciliation.Report, cursor: RoundCursor?) {
        let reconciliation = Reconciliation(context: context)
        switch round {
        case .open:
            return try await reconciliation.open(from: cursor, minimumAge: Reconciliation.quiet, until: end)
        case .closed: return try await reconciliation.closed(from: cursor, until: end)
        }
    }

    private func finish(_ round: ReconciliationRound, _ claim: String, at cursor: RoundCursor?) async throws {
        try await context.database.write { db in
            let due = db.now + (cursor == nil ? round.period : ReconciliationRound.open.period)
            try ReconciliationRepository(db: db).finish(round, claim, at: cursor, due: due)
        }
    }

    /// Sums everything up, and says so when it does not add up.
    private func weigh() async throws {
        guard board.isDue else { return }
        let begin = ContinuousClock.now
        let balance = try await context.database.read { try Balance.find($0) }
        board.show(balance, cost: begin.duration(to: .now))
        guard !balance.isEven else { return }
        context.logger.critical(
            "payments do not add up",
            metadata: [
                "captured": "\(balance.captured)", "confirmed": "\(balance.confirmed)",
                "refunded": "\(balance.refunded)", "inReview": "\(balance.inReview)",
            ])
    }
}
