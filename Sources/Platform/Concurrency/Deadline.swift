import Synchronization

/// Waits for work, but not longer than `limit`: then the answer is `nil` and the work goes on by itself.
package func within<Value: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    let first = FirstAnswer<Value?>()
    let timer = Task {
        try await Task.sleep(for: limit)
        first.give(.success(nil))
    }
    defer { timer.cancel() }
    // A child task would have to be awaited.
    Task {
        do { first.give(.success(try await work())) } catch { first.give(.failure(error)) }
    }
    return try await first.answer()
}

/// The first answer that somebody gives; further ones are dropped.
private final class FirstAnswer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, any Error>)
        case given(Result<Value, any Error>)
        case over
    }

    private let state = Mutex(State.open)

    func answer() async throws -> Value {
        try await withCheckedThrowingContinuation { caller in
            let given = state.withLock { state -> Result<Value, any Error>? in
                guard case .given(let answer) = state else {
                    state = .awaited(caller)
                    return nil
                }
                state = .over
                return answer
            }
            if let given { caller.resume(with: given) }
        }
    }

    func give(_ answer: Result<Value, any Error>) {
        let caller = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            switch state {
            case .open:
                state = .given(answer)
                return nil
            case .awaited(let caller):
                state = .over
                return caller
            case .given, .over:
                return nil
            }
        }
        caller?.resume(with: answer)
    }
}
