import CareSyncCore
import JSONCoding
import Persistence

/// A row of the outbox on its way into it.
struct OutboxRow {
    let kind: String
    let key: String
    let payload: String

    init<Content: Job>(_ job: Content) throws {
        self.init(kind: Content.kind, key: job.key, payload: try OutboxPayload.text(job))
    }

    init(kind: String, key: String, payload: String) {
        self.kind = kind
        self.key = key
        self.payload = payload
    }
}

/// How jobs and events are written into the outbox and read from it.
enum OutboxPayload {
    static func text(_ content: some Encodable) throws -> String {
        try JSONBodyEncoder.withEncoded(content) { String(decoding: $0, as: UTF8.self) }
    }

    static func read<Content: Decodable>(_ text: String) throws -> Content {
        try JSONBodyDecoder.decode(Content.self, from: Array(text.utf8))
    }
}

/// A message of the outbox as a worker receives it.
struct OutboxMessage: RowDecodable, Equatable {
    let id: Int64
    let kind: String
    let key: String
    let payload: String
    /// How often it was tried, this time included.
    let attempts: Int
    let createdAt: Instant
    /// Tells the claim of the worker that received it from every other; empty for one that is settled in the transaction
    /// that took it.
    let claim: String

    static let columns: SQL = "id, kind, key, payload, attempts, created_at, claim"

    init(row: Row) throws {
        id = try row.value("id")
        kind = try row.value("kind")
        key = try row.value("key")
        payload = try row.value("payload")
        attempts = try row.value("attempts")
        createdAt = try row.value("created_at")
        claim = try row.value("claim")
    }
}
