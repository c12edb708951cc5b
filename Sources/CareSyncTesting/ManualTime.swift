package import CareSyncCore
import Synchronization

/// A clock that stands still until a test moves it.
package final class ManualTime: Sendable {
    private let instant: Mutex<Instant>

    /// Starts at 2026-03-10T04:00:00Z, a Tuesday morning in India.
    package init(_ start: Instant = Instant(seconds: 1_773_115_200)) {
        instant = Mutex(start)
    }

    package var now: Instant { instant.withLock { $0 } }

    package var source: TimeSource { TimeSource { self.now } }

    package func advance(by span: TimeSpan) {
        instant.withLock { $0 = $0 + span }
    }

    package func set(to instant: Instant) {
        self.instant.withLock { $0 = instant }
    }
}
