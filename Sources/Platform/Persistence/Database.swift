import Concurrency

/// A database. Transactions are synchronous closures over one connection: they cannot wait for anything but SQL, and a
/// driver may repeat a body after transactions got in each other's way, so a body has no effects but SQL and its result.
package protocol Database: Sendable {
    var dialect: Dialect { get }
    var services: DatabaseServices { get }

    /// Reads. Each statement sees one state of the database; two statements may see two. Writing is refused.
    func read<Value: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> Value) async throws -> Value

    /// Reads by statements that need none of each other's answers: `plan` puts them into the batch, and what it returns
    /// makes the result. `plan` may run twice. For quick reads on hot paths: a driver may send those of several callers
    /// together, so a slow one would make others wait.
    func fetch<Value: Sendable>(_ plan: @escaping @Sendable (Batch) throws -> () throws -> Value) async throws -> Value

    /// One transaction, durable when this returns. Undone when the body throws.
    func write<Value: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> Value) async throws -> Value

    /// One transaction whose answers are read after its commit: what the body returns is called then, on the same thread,
    /// and makes the result. A driver may send several such transactions one behind the other.
    func send<Value: Sendable>(
        _ body: @escaping @Sendable (any PipelinedTransaction) throws -> () throws -> Value
    ) async throws -> Value

    /// Runs one statement that PostgreSQL allows in no transaction, such as `CREATE INDEX CONCURRENTLY`, without a time
    /// limit. Never repeated by itself.
    func runOutsideTransaction(_ sql: SQL) async throws

    /// Returns when a transaction could be written now, and throws when none could. It writes nothing itself.
    func proveWritable() async throws

    /// Finishes what is running, refuses what is waiting, and closes every connection.
    func close() async
}

extension Database {
    /// As an ordinary read, for drivers to which a round trip costs nothing.
    package func fetch<Value: Sendable>(
        _ plan: @escaping @Sendable (Batch) throws -> () throws -> Value
    ) async throws -> Value {
        try await read { db in
            let batch = Batch()
            let answer = try plan(batch)
            try batch.run(db)
            return try answer()
        }
    }

    /// One transaction, durable when this returns. Undone when the body throws.
    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Value {
        try await send { db in
            let value = try body(db)
            return { value }
        }
    }

    /// By a transaction that changes nothing.
    package func proveWritable() async throws {
        _ = try await write { db in try db.exists("SELECT 1") }
    }

    /// Whether the database answers, and takes writes, within that time.
    package func isServing(within limit: Duration) async -> Bool {
        let isProved = try? await Concurrency.within(limit) {
            try await self.proveWritable()
            return true
        }
        return isProved == true  // A failure is no proof either.
    }

    /// Whether the database answers within that time.
    package func isAnswering(within limit: Duration) async -> Bool {
        let answer = try? await within(limit) { try await self.read { db in try db.exists("SELECT 1") } }
        return answer == true  // A failure is no answer either.
    }
}
