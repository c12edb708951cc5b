import CareSyncCore

/// What can go wrong in a driver, in terms both databases share. Descriptions carry no values and no SQL, so a log line
/// cannot leak patient data.
package enum DatabaseFailure: LoggableError, Sendable, Equatable {
    /// A rule of the schema refused a write. The name is the constraint's, or the text a trigger raised; for a unique
    /// constraint SQLite reports columns, which the driver turns into PostgreSQL's default name `table_column_key`.
    case constraint(Constraint, name: String)
    /// Transactions conflicted; running the body again may succeed.
    case conflict(code: String)
    /// A lock was not granted within the lock time-out (5 s).
    case lockTimeout
    /// What ``PipelinedTransaction/requireChange(_:)`` was to change was not there.
    case unmetRequirement
    /// The connection broke. With `outcomeUnknown` the commit may or may not have happened.
    case connectionLost(outcomeUnknown: Bool)
    /// No connection, no room in the queue, or shutting down.
    case unavailable
    /// What the database writes to is full, fails or takes no writes, by the database's own code. The same request may
    /// succeed once somebody has seen to it.
    case storage(code: String)
    case noSuchColumn(String)
    case unexpectedValue(column: Int, type: String)
    /// Anything else, by the database's own code (SQLSTATE or SQLite result code).
    case other(code: String)

    /// The primary key of the audit log's chains.
    private static let chain = "audit_log_chain"

    package enum Constraint: Sendable, Equatable { case unique, foreignKey, check, notNull, exclusion, trigger }

    package var isOfStorage: Bool {
        if case .storage = self { true } else { false }
    }

    /// Whether the driver may run the transaction's body again.
    package var isRetryable: Bool {
        switch self {
        case .conflict: true
        // Another process extended the chain: the next attempt reads its head again.
        case .constraint(.unique, name: Self.chain): true
        default: false
        }
    }
}
