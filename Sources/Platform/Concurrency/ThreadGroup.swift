import Synchronization

/// Threads that belong together, and the wait for their end.
package final class ThreadGroup: Sendable {
    private struct State {
        var running = 0
        var isStopping = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let name: String
    private let niceness: Int32
    private let state = Mutex(State())

    /// - Parameter niceness: above 0, how far the threads stand back behind those that serve requests.
    package init(_ name: String, niceness: Int32 = 0) {
        self.name = name
        self.niceness = niceness
    }

    /// Whether the threads shall refuse what waits.
    package var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Starts one more thread; `false` when the system has none to give.
    package func start(_ index: Int = 0, _ body: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { $0.running += 1 }
        let isStarted = OwnThread.start("\(name)-\(index)", niceness: niceness) {
            body()
            self.threadEnded()
        }
        if !isStarted { threadEnded() }
        return isStarted
    }

    /// Asks the threads to refuse what waits.
    package func stop() {
        state.withLock { $0.isStopping = true }
    }

    /// Returns when no thread runs.
    package func ended() async {
        await withCheckedContinuation { caller in
            let isOver = state.withLock { state in
                if state.running > 0 { state.waiting.append(caller) }
                return state.running == 0
            }
            if isOver { caller.resume() }
        }
    }

    private func threadEnded() {
        let waiting = state.withLock { state in
            state.running -= 1
            guard state.running == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for caller in waiting { caller.resume() }
    }
}
