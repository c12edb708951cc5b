package import CareSyncCore

/// What a driver needs from the rest of the platform to run transactions.
package struct DatabaseServices: Sendable {
    package let time: TimeSource
    package let random: RandomSource
    package let events: EventHub
    /// `nil` in tests of the driver alone: `audit` is then refused.
    package let auditLog: AuditLog?
    /// Seals answers kept for `Idempotency-Key`.
    package let responseSealer: BlobSealer?
    /// Called after a commit that left an outbox row due at once.
    package let outboxSignal: OutboxSignal

    package init(
        time: TimeSource = .system, random: RandomSource = .system, events: EventHub = EventHub(),
        auditLog: AuditLog? = nil, responseSealer: BlobSealer? = nil, outboxSignal: OutboxSignal = OutboxSignal()
    ) {
        self.time = time
        self.random = random
        self.events = events
        self.auditLog = auditLog
        self.responseSealer = responseSealer
        self.outboxSignal = outboxSignal
    }
}

/// What one transaction has gathered beside its SQL: events, audit entries, work for after the commit.
///
/// A driver makes one per attempt, so a repeated body starts from nothing. It is used by one thread at a time.
package final class TransactionScope {
    package let services: DatabaseServices
    /// The worker that runs the transaction, from 0; audit entries of a worker form one chain.
    package let workerIndex: Int
    private var auditEntries: [AuditEntry] = []
    private var afterCommit: [@Sendable () -> Void] = []
    /// How many savepoints are open.
    private var depth = 0

    package init(services: DatabaseServices, workerIndex: Int) {
        self.services = services
        self.workerIndex = workerIndex
    }

    /// Runs once the transaction is durable, on the driver's thread: must be quick and must not throw or block.
    package func afterCommit(_ work: @escaping @Sendable () -> Void) {
        afterCommit.append(work)
    }

    func audit(_ entry: AuditEntry) {
        auditEntries.append(entry)
    }

    /// The level of a savepoint that begins, from 1.
    func enterPart() -> Int {
        depth += 1
        return depth
    }

    func leavePart() {
        depth -= 1
    }

    /// How much has been gathered so far.
    struct Mark {
        let auditEntries: Int
        let afterCommit: Int
    }

    func mark() -> Mark {
        Mark(auditEntries: auditEntries.count, afterCommit: afterCommit.count)
    }

    /// Forgets what was gathered since the mark.
    func reset(to mark: Mark) {
        auditEntries.removeSubrange(mark.auditEntries...)
        afterCommit.removeSubrange(mark.afterCommit...)
    }

    /// The last statements of the transaction; a driver calls it after the body and before the commit.
    package func finish(_ db: any Connection) throws {
        guard !auditEntries.isEmpty else { return }
        guard let auditLog = services.auditLog else { throw DatabaseFailure.unavailable }
        try auditLog.append(auditEntries, workerIndex: workerIndex, db: db)
    }

    /// A driver calls it after the commit.
    package func committed() {
        for work in afterCommit { work() }
    }

    /// A driver calls it after a rollback, whatever was rolled back.
    package func rolledBack() {
        services.auditLog?.forget(workerIndex: workerIndex)
    }
}
