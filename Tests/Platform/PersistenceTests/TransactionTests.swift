import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@Suite("Transactions")
struct TransactionTests {
    @Test("a transaction's writes are seen by the next read", arguments: DatabaseKind.available)
    func writesAreSeen(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind) { database in
            try await database.write { db in try db.enqueue(OutboxMessage(kind: "k", subject: "s")) }
            let count: Int? = try await database.read { db in try db.value("SELECT count(*) FROM outbox") }
            #expect(count == 1)
        }
    }
}
