import CareSyncCore
import Logging
import Persistence

/// Learns of sessions that other processes ended, and writes what need not be written at once.
struct SessionPoller: Sendable {
    let database: any Database
    let cache: SessionCache
    let blocks: AddressBlockService
    let signInGuard: SignInGuard
    let logger: Logger

    /// Wider than any difference between clocks and any transaction, so that no end is missed.
    static let window = TimeSpan.seconds(10)

    private var now: Instant { database.services.time.now }

    /// Runs until it is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for work in [
                PeriodicTask("poll of ended sessions", every: .milliseconds(500), logger: logger, poll),
                PeriodicTask("writing of session activity", every: .seconds(5), logger: logger, writeActivity),
                PeriodicTask("poll of blocked addresses", every: .seconds(2), logger: logger, blocks.poll),
                PeriodicTask("purge of sessions", every: .seconds(600), logger: logger, purge),
            ] {
                group.addTask { await work.run() }
            }
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
            _ = try sessions.endExpired(at: now)
            try sessions.deleteEnds(before: now - .hours(1))
            try sessions.delete(expiredBefore: now - .days(30))
            try SecondFactorRepository(db: db).purge(at: now)
        }
        try await blocks.purge()
        try await signInGuard.purge()
    }
}
