import Persistence
import Synchronization

/// Wakes the outbox workers of this process when a transaction leaves them something to do.
package final class OutboxSignal: Sendable {
    private let listeners = Mutex<[OutboxListener]>([])

    package init() {}

    /// What a worker that carries out messages of these kinds waits on. It is kept as long as the signal.
    func listener(for kinds: some Sequence<String>) -> OutboxListener {
        let listener = OutboxListener(kinds: Set(kinds))
        listeners.withLock { $0.append(listener) }
        return listener
    }

    /// Never blocks; raises while nobody waits are remembered as one. Does nothing for a kind that nobody carries out.
    package func raise(_ kind: String) {
        let listeners = listeners.withLock { $0 }
        for listener in listeners where listener.kinds.contains(kind) { listener.raise() }
    }
}

extension TransactionScope {
    /// Wakes the workers that carry out a kind, once the transaction is durable.
    func raiseOutboxSignal(_ kind: String) {
        guard let signal = services.part(OutboxSignal.self) else { return }
        afterCommit { signal.raise(kind) }
    }
}

/// One worker's end of the signal.
final class OutboxListener: Sendable {
    private struct State {
        var isRaised = false
        var waiter: AsyncStream<Void>.Continuation?
    }

    let kinds: Set<String>
    private let state = Mutex(State())

    init(kinds: Set<String>) {
        self.kinds = kinds
    }

    func raise() {
        state.withLock { state in
            guard !state.isRaised else { return }
            state.isRaised = true
            state.waiter?.yield()
        }
    }

    /// Waits for a raise, at most `limit`, or for cancellation.
    func wait(atMost limit: Duration) async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let isRaised = state.withLock { state in
            state.waiter = continuation
            return state.isRaised
        }
        if isRaised { continuation.yield() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in stream { return }
            }
            group.addTask { try? await Task.sleep(for: limit) }  // Cancelled when the other is first.
            await group.next()
            group.cancelAll()
        }
        state.withLock { state in
            state.isRaised = false
            state.waiter = nil
        }
    }
}
