import Synchronization

/// Lets so many calls go at once; the others wait in order, and give up after a while or when their task is cancelled.
final class CallTurns: Sendable {
    private struct State {
        var free: Int
        var waiting: [(id: UInt64, resume: CheckedContinuation<Bool, Never>)] = []
        var next: UInt64 = 0
    }

    private let state: Mutex<State>

    init(places: Int) {
        state = Mutex(State(free: places))
    }

    /// Throws ``RazorpayFailure/busy`` when no place became free within `patience`, and `CancellationError` when the caller
    /// was cancelled before it had one.
    func take<Value: Sendable>(
        patience: Duration, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        guard await enter(patience) else {
            try Task.checkCancellation()
            throw RazorpayFailure.busy
        }
        defer { leave() }
        return try await body()
    }

    private func enter(_ patience: Duration) async -> Bool {
        let ticket = state.withLock { state -> UInt64? in
            guard state.free == 0 else {
                state.free -= 1
                return nil
            }
            state.next += 1
            return state.next
        }
        guard let ticket else { return true }
        let timer = Task { [weak self] in
            try? await Task.sleep(for: patience)  // Cancelled once a place is found.
            self?.giveUp(ticket)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { caller in wait(ticket, caller) }
        } onCancel: {
            giveUp(ticket)
        }
    }

    private func wait(_ ticket: UInt64, _ caller: CheckedContinuation<Bool, Never>) {
        // `nil` while it waits.
        let outcome = state.withLock { state -> Bool? in
            // Whoever is cancelled from here on finds the ticket in the list.
            if Task.isCancelled { return false }
            // One may have become free since the ticket was drawn.
            if state.free > 0 {
                state.free -= 1
                return true
            }
            state.waiting.append((ticket, caller))
            return nil
        }
        if let outcome { caller.resume(returning: outcome) }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst().resume }
            state.free += 1
            return nil
        }
        next?.resume(returning: true)
    }

    private func giveUp(_ ticket: UInt64) {
        let leaving = state.withLock { state in
            state.waiting.firstIndex { $0.id == ticket }.map { state.waiting.remove(at: $0).resume }
        }
        leaving?.resume(returning: false)
    }
}
