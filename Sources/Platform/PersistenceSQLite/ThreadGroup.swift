import Dispatch
import Foundation
import Synchronization

/// Threads of a database, and the wait for their end.
final class ThreadGroup: Sendable {
    private let running = DispatchGroup()
    private let stopping = Mutex(false)

    var isStopping: Bool { stopping.withLock { $0 } }

    func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        running.enter()
        let thread = Thread { [running] in
            body()
            running.leave()
        }
        thread.name = name
        thread.start()
    }

    /// Asks the threads to refuse what is waiting.
    func stop() {
        stopping.withLock { $0 = true }
    }

    /// Blocks until every thread has ended.
    func wait() {
        running.wait()
    }

    /// Returns when every thread has ended.
    func ended() async {
        await withCheckedContinuation { waiter in
            running.notify(queue: .global()) { waiter.resume() }
        }
    }
}
