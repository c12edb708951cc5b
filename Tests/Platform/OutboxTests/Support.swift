import CareSyncCore
import CareSyncTesting
import Logging
import Persistence
import Synchronization

@testable import Outbox

/// A job of these tests; its name is its key.
struct Note: Job {
    static let kind = "note"
    let name: String
    var key: String { name }

    init(_ name: String) {
        self.name = name
    }
}

/// A job of another kind.
struct Errand: Job {
    static let kind = "errand"
    let name: String
    var key: String { name }
}

/// An event of these tests.
struct Rang: DurableEvent, Equatable {
    let bell: Int
    var subject: String { "bell/\(bell)" }
}

/// What handlers have done, in order.
final class Done: Sendable {
    private let names = Mutex<[String]>([])
    var all: [String] { names.withLock { $0 } }
    func add(_ name: String) { names.withLock { $0.append(name) } }
}

let testPolicy = RetryPolicy(attempts: 4, firstDelay: .seconds(10), longestDelay: .seconds(30))
let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

func worker(
    _ database: any Database, _ handlers: JobHandler..., batchSize: Int = 16, isConcurrent: Bool = false
) -> OutboxWorker {
    OutboxWorker(
        database: database, handlers: handlers, batchSize: batchSize, isConcurrent: isConcurrent, logger: silent)
}

extension Done {
    /// Notes each job and does nothing else.
    var effect: JobHandler {
        .effect(Note.self, retry: testPolicy) { note, _ in
            self.add(note.name)
            return .done()
        }
    }
}

extension Database {
    func enqueue(_ names: String...) async throws {
        try await write { db in
            for name in names { try db.enqueue(Note(name)) }
        }
    }

    func texts(_ sql: SQL) async throws -> [String] {
        try await read { db in try db.values(sql) }
    }
}
