import Synchronization

/// Wakes the outbox worker of this process when a transaction leaves it something to do.
package final class OutboxSignal: Sendable {
    private struct State {
        var kinds: Set<String> = []
        var isRaised = false
        var waiter: AsyncStream<Void>.Continuation?
    }

    private let state = Mutex(State())

    package init() {}

    /// A worker of this process carries out messages of these kinds.
    func announce(_ kinds: some Sequence<String>) {
        state.withLock { $0.kinds.formUnion(kinds) }
    }

    /// Never blocks; raises while nobody waits are remembered as one. Does nothing for a kind that nobody carries out.
    package func raise(_ kind: String) {
        state.withLock { state in
            guard !state.isRaised, state.kinds.contains(kind) else { return }
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
