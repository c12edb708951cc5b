import ServiceLifecycle

/// Work that goes on until the program shuts down.
package struct Worker: Service {
    package let name: String
    private let work: @Sendable () async throws -> Void

    /// `run` ends when its task is cancelled, which a graceful shutdown does.
    init(_ name: String, run work: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.work = work
    }

    package func run() async throws {
        try await cancelWhenGracefulShutdown { try await work() }
    }
}
