import Foundation
import Synchronization

/// The threads of a database, and the wait for their end.
final class ThreadGroup: Sendable {
    private struct State {
        var running: Int
        var isStopping = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(count: Int) {
        state = Mutex(State(running: count))
    }

    var isStopping: Bool { state.withLock(\.isStopping) }

    func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread { [self] in
            body()
            let waiters = state.withLock { state in
                state.running -= 1
                return state.running == 0 ? state.waiters : []
            }
            for waiter in waiters { waiter.resume() }
        }
        thread.name = name
        thread.start()
    }

    func stop() {
        state.withLock { $0.isStopping = true }
    }

    /// Returns when every thread has ended.
    func ended() async {
        await withCheckedContinuation { waiter in
            let hasEnded = state.withLock { state in
                if state.running > 0 { state.waiters.append(waiter) }
                return state.running == 0
            }
            if hasEnded { waiter.resume() }
        }
    }
}
