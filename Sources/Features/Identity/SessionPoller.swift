import CareSyncCore
import Logging
import Persistence

/// Learns of sessions that other processes ended, and writes what need not be written at once.
struct SessionPoller: Sendable {
    let database: any Database
    let cache: SessionCache
    let logger: Logger

    /// Wider than any difference between clocks and any transaction, so that no end is missed.
    static let window = TimeSpan.seconds(10)

    private var now: Instant { database.services.time.now }

    /// Runs until it is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await repeating(every: .milliseconds(500), "poll of ended sessions", poll) }
            group.addTask { await repeating(every: .seconds(5), "writing of session activity", writeActivity) }
            group.addTask { await repeating(every: .seconds(600), "purge of sessions", purge) }
        }
    }

    func poll() async throws {
        let begun = now
        let ended = try await database.read { db in
            try SessionRepository(db: db).listEnded(after: begun - Self.window)
        }
        cache.apply(ended: ended, polledAt: begun)
    }

    func writeActivity() async throws {
        let touched = cache.takeTouched()
        guard !touched.isEmpty else { return }
        let now = now
        try await database.write { db in try SessionRepository(db: db).touch(touched, at: now) }
    }

    func purge() async throws {
        let now = now
        try await database.write { db in
            let sessions = SessionRepository(db: db)
            try sessions.deleteEnds(before: now - .hours(1))
            try sessions.delete(expiredBefore: now - .days(30))
        }
    }

    /// Logs the first of a row of failures only.
    private func repeating(every span: Duration, _ name: String, _ work: () async throws -> Void) async {
        var isFailing = false
        while !Task.isCancelled {
            do {
                try await work()
                if isFailing { logger.info("recovered", metadata: ["work": "\(name)"]) }
                isFailing = false
            } catch {
                if !isFailing && !Task.isCancelled {
                    let text = error is DatabaseFailure ? "\(error)" : "\(type(of: error))"
                    logger.warning("failing", metadata: ["work": "\(name)", "error": "\(text)"])
                }
                isFailing = true
            }
            do { try await Task.sleep(for: span) } catch { return }
        }
    }
}
