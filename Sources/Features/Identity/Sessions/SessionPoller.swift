import CareSyncCore
import Concurrency
import Logging
import Persistence

/// Picks up sessions that other processes ended, and writes what can wait.
struct SessionPoller: Sendable {
    let database: any Database
    let cache: SessionCache
    let blocks: AddressBlockService
    let signInGuard: SignInGuard
    let logger: Logger
    private let reader = RevocationReader(.session)

    init(
        database: any Database, cache: SessionCache, blocks: AddressBlockService, signInGuard: SignInGuard,
        logger: Logger
    ) {
        self.database = database
        self.cache = cache
        self.blocks = blocks
        self.signInGuard = signInGuard
        self.logger = logger
    }

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
        let news = try await reader.news(in: database)
        if !news.isComplete { cache.dropAll() }
        cache.apply(ended: news.subjects.map { SessionID($0) }, polledAt: begun)
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
            try RevocationFeed.purge(db: db)
            try sessions.delete(expiredBefore: now - .days(30))
            try SecondFactorRepository(db: db).purge(at: now)
        }
        try await blocks.purge()
        try await signInGuard.purge()
    }
}
