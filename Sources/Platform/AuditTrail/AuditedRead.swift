package import Persistence

extension Database {
    /// A read that leaves lines in the audit log. It runs where reads run, so that nobody who writes waits for it; then its
    /// lines are written, briefly, and only when they are durable is there an answer.
    ///
    /// - Parameter body: the value with the lines that it needs.
    package func readAudited<Value: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> (value: Value, entries: [AuditEntry])
    ) async throws -> Value {
        let read = try await read(body)
        guard !read.entries.isEmpty else { return read.value }
        try await send { db in
            for entry in read.entries { db.audit(entry) }
            return {}
        }
        return read.value
    }
}
