import CareSyncServer
package import Logging
import Synchronization

/// Keeps what is logged, as the program would write it.
package final class LogRecorder: Sendable {
    private let lines = Mutex("")
    private let level: Logger.Level

    package init(level: Logger.Level) {
        self.level = level
    }

    package var text: String { lines.withLock { $0 } }

    package var logger: Logger {
        Logger(label: "test") { _ in
            ConsoleLog(level: self.level) { line in self.lines.withLock { $0 += line } }
        }
    }
}
