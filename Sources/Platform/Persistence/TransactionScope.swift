/// What one transaction has gathered beside its SQL: its last statements, and work for after its commit.
///
/// A driver makes one per attempt, so a repeated body starts from nothing. It is used by one thread at a time.
package final class TransactionScope {
    package let services: DatabaseServices
    /// Of the connection that runs the transaction.
    package let session: ConnectionSession
    private var beforeCommit: [(any Connection) throws -> Void] = []
    private var afterCommit: [@Sendable () -> Void] = []
    private var companions: [ObjectIdentifier: AnyObject] = [:]
    private var afterRollback: [() -> Void] = []
    /// How many savepoints are open.
    private var depth = 0

    package init(services: DatabaseServices, session: ConnectionSession) {
        self.services = services
        self.session = session
    }

    /// Runs behind the body, in the same transaction.
    package func beforeCommit(_ work: @escaping (any Connection) throws -> Void) {
        beforeCommit.append(work)
    }

    /// Runs once the transaction is durable, on the driver's thread: must be quick and must not throw or block.
    package func afterCommit(_ work: @escaping @Sendable () -> Void) {
        afterCommit.append(work)
    }

    /// Runs when the transaction was undone, also when only the commit failed; like ``afterCommit(_:)``.
    package func afterRollback(_ work: @escaping () -> Void) {
        afterRollback.append(work)
    }

    /// An object that lives as long as the transaction, for what its owner remembers of it: made when it is first asked
    /// for, and forgotten when a part of the transaction is undone.
    package func companion<Companion: AnyObject>(of owner: AnyObject, _ make: () -> Companion) -> Companion {
        if let known = companions[ObjectIdentifier(owner)] as? Companion { return known }
        let made = make()
        companions[ObjectIdentifier(owner)] = made
        return made
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
        let beforeCommit: Int
        let afterCommit: Int
    }

    func mark() -> Mark {
        Mark(beforeCommit: beforeCommit.count, afterCommit: afterCommit.count)
    }

    /// Forgets what was gathered since the mark.
    func reset(to mark: Mark) {
        beforeCommit.removeSubrange(mark.beforeCommit...)
        afterCommit.removeSubrange(mark.afterCommit...)
        companions = [:]
    }

    /// The last statements of the transaction; a driver calls it after the body and before the commit.
    package func finish(_ db: any Connection) throws {
        for work in beforeCommit { try work(db) }
    }

    /// A driver calls it after the commit.
    package func committed() {
        for work in afterCommit { work() }
    }

    /// A driver calls it after a rollback, whatever was rolled back.
    package func rolledBack() {
        for work in afterRollback { work() }
    }
}
