import CareSyncCore
package import CareSyncMetrics
import Concurrency
import CoreMetrics
import Outbox
import Persistence
import Synchronization

/// The text of all metrics. What the database has to be asked for is asked at most once in some seconds, however often the
/// text is, and not waited for long.
package final class MetricsReport: Sendable {
    package let registry: MetricsRegistry
    private let database: any Database
    private let isDatabaseUp: Meter
    private let due: Meter
    private let oldestDue: Meter
    private let parked: Meter
    private let askedAt = Mutex<Instant?>(nil)

    private static let pause = TimeSpan.seconds(5)
    private static let patience = Duration.seconds(1)

    init(registry: MetricsRegistry, database: any Database) {
        self.registry = registry
        self.database = database
        func meter(_ name: String, _ help: String) -> Meter {
            registry.describe(name, help)
            return Meter(label: name, factory: registry)
        }
        isDatabaseUp = meter("caresync_database_up", "1 when the database answered within a second, 0 otherwise.")
        due = meter(
            "caresync_outbox_due_messages",
            "Messages of the outbox that could be carried out now, at most \(OutboxFigures.most).")
        oldestDue = meter(
            "caresync_outbox_oldest_due_seconds", "For how long the oldest of them could have been carried out.")
        parked = meter(
            "caresync_outbox_parked_messages",
            "Messages of the outbox that wait for an administrator, at most \(OutboxFigures.most).")
        ProcessFigures().add(to: registry)
    }

    package func text() async -> String {
        await refresh()
        return registry.text()
    }

    private func refresh() async {
        let now = database.services.time.now
        let isDue = askedAt.withLock { last in
            if let last, now - last < Self.pause, last <= now { return false }
            last = now
            return true
        }
        guard isDue else { return }
        let database = database
        let figures = try? await within(Self.patience) { try await database.read { try OutboxFigures.read($0) } }
        guard let figures, let figures else {  // Failures and time-outs count as no answer.
            isDatabaseUp.set(0)
            return
        }
        isDatabaseUp.set(1)
        due.set(figures.due)
        oldestDue.set(figures.oldestDue.map { Double(max(0, (now - $0).microseconds)) / 1_000_000 } ?? 0)
        parked.set(figures.parked)
    }
}
