import CareSyncCore
package import Logging

/// Work that is repeated until it is cancelled.
package struct PeriodicTask: Sendable {
    private let name: String
    private let span: Duration
    private let logger: Logger
    private let work: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - name: as the log names the work.
    ///   - span: from the end of a round to the start of the next.
    package init(
        _ name: String, every span: Duration, logger: Logger, _ work: @escaping @Sendable () async throws -> Void
    ) {
        self.name = name
        self.span = span
        self.logger = logger
        self.work = work
    }

    /// Begins at once. Of consecutive failures only the first is logged, and the recovery.
    package func run() async {
        var isFailing = false
        while !Task.isCancelled {
            do {
                try await work()
                if isFailing { logger.info("recovered", metadata: ["work": "\(name)"]) }
                isFailing = false
            } catch {
                if !isFailing && !Task.isCancelled {
                    let text = error is any LoggableError ? "\(error)" : "\(type(of: error))"
                    logger.warning("failing", metadata: ["work": "\(name)", "error": "\(text)"])
                }
                isFailing = true
            }
            do { try await Task.sleep(for: span) } catch { return }
        }
    }
}
