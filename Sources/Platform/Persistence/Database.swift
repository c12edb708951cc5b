/// A database. Transactions are synchronous closures over one connection: they cannot wait for anything but SQL, and a
/// driver may repeat a body after transactions got in each other's way, so a body has no effects but SQL and its result.
package protocol Database: Sendable {
    var dialect: Dialect { get }
    var services: DatabaseServices { get }

    /// Reads. Each statement sees one state of the database; two statements may see two. Writing is refused.
    func read<Value: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> Value) async throws -> Value

    /// One transaction, durable when this returns. Undone when the body throws.
    func write<Value: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> Value) async throws -> Value

    /// Finishes what is running, refuses what is waiting, and closes every connection.
    func close() async
}
