import CareSyncCore
import Logging
import Outbox
import Persistence

/// Learns of the keys that other nodes destroyed.
///
/// Every poll reads the whole table, which holds the erasures of a day and so nearly always nothing: it needs neither
/// clocks that agree nor ids in the order of commits.
struct PatientKeyRevocations: Sendable {
    let database: any Database
    let cache: PatientKeyCache
    let logger: Logger

    /// How long a row stays.
    static let kept = TimeSpan.hours(24)

    static let retention = RetentionRule { now, _ in
        "DELETE FROM patient_key_revocations WHERE revoked_at < \(now - kept)"
    }

    /// Until it is cancelled.
    func run() async {
        await PeriodicTask("poll of revoked patient keys", every: .milliseconds(500), logger: logger, poll).run()
    }

    func poll() async throws {
        let begun = database.services.time.now
        let revoked = try await database.read { db in try PatientKeyRepository(db: db).listRevoked() }
        cache.apply(revoked: revoked, polledAt: begun)
    }
}
