import FeatureContract
import ServiceLifecycle

/// A worker as the service group runs it.
struct WorkerService: Service {
    let worker: Worker

    /// Ends when its task is cancelled, which a graceful shutdown does.
    func run() async throws {
        try await cancelWhenGracefulShutdown { try await worker.run() }
    }
}
