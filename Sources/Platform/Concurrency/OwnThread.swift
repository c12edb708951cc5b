import Foundation

/// A dedicated thread for blocking work, which must not hold one of the few threads that serve requests.
package enum OwnThread {
    private final class Start {
        let name: String
        let niceness: Int32
        let body: @Sendable () -> Void

        init(name: String, niceness: Int32, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.niceness = niceness
            self.body = body
        }
    }

    /// Starts a thread that ends with its body; `false` when the system has none to give.
    ///
    /// - Parameters:
    ///   - name: cut at 15 bytes, as the system does.
    ///   - niceness: above 0, how far the thread stands back behind those that serve requests.
    package static func start(
        _ name: String, niceness: Int32 = 0, _ body: @escaping @Sendable () -> Void
    ) -> Bool {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return false }
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let start = Unmanaged.passRetained(Start(name: name, niceness: niceness, body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { start in
                guard let start else { return nil }
                let own = Unmanaged<Start>.fromOpaque(start).takeRetainedValue()
                Thread.current.name = own.name
                if own.niceness > 0 { _ = nice(own.niceness) }  // On Linux it is the thread's own.
                own.body()
                return nil
            }, start.toOpaque())
        if status != 0 { start.release() }
        return status == 0
    }

    /// Runs blocking work on a thread that ends with it; throws ``NoThread`` when the system has none to give.
    package static func run<Value: Sendable>(
        _ name: String, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { caller in
            let isStarted = start(name) { caller.resume(with: Result { try work() }) }
            if !isStarted { caller.resume(throwing: NoThread()) }
        }
    }
}

/// The system has no thread to give.
package struct NoThread: Error {
    package init() {}
}
