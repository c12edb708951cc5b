import Synchronization

/// Wakes the outbox worker of this process when a transaction leaves it something to do.
package final class OutboxSignal: Sendable {
    private let state = Mutex<(raised: Bool, waiter: AsyncStream<Void>.Continuation?)>((false, nil))

    package init() {}

    /// Never blocks; raises while nobody waits are remembered as one.
    package func raise() {
        state.withLock { state in
            state.raised = true
            state.waiter?.yield()
        }
    }

    /// Waits for a raise, at most `limit`, or for cancellation.
    func wait(atMost limit: Duration) async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let isRaised = state.withLock { state in
            state.waiter = continuation
            return state.raised
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
            state.raised = false
            state.waiter = nil
        }
    }
}
