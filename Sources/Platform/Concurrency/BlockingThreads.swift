import Synchronization

/// A fixed number of threads that run blocking jobs from one bounded queue; each owns a scratch value, made on the thread
/// and reused by its jobs.
///
/// Jobs that wait take turns: a ``JobPriority`` goes before the other, and within one the lanes are served in a circle, so
/// a caller with hundreds of jobs costs the next caller one job's time. When the queue is full, a job of a lane that holds
/// less of it displaces the last one of the longest lane.
package final class BlockingThreads<Scratch>: Sendable {
    private let jobs: JobQueue<Job<Scratch>>
    private let threads: ThreadGroup
    private let refusal: @Sendable (_ isClosed: Bool) -> any Error

    /// - Parameters:
    ///   - name: at most 12 bytes; the system cuts thread names at 15.
    ///   - niceness: how much lower the threads' priority is than that of threads that serve requests.
    ///   - queueLimit: jobs that may wait beside those that run; one more is refused with `refusal`, which is told whether
    ///     the threads have ended.
    package init(
        name: String, count: Int, niceness: Int32 = 5, queueLimit: Int,
        refusal: @escaping @Sendable (_ isClosed: Bool) -> any Error,
        makeScratch: @escaping @Sendable () -> Scratch
    ) throws {
        let jobs = JobQueue<Job<Scratch>>(bound: queueLimit)
        self.jobs = jobs
        self.refusal = refusal
        threads = ThreadGroup(name, niceness: niceness)
        for index in 0..<count {
            let isStarted = threads.start(index) {
                let scratch = makeScratch()
                while let job = jobs.pop() { job.run(scratch) }
            }
            guard isStarted else {
                jobs.close()
                throw NoThread()
            }
        }
    }

    deinit { close() }

    /// Refuses what waits and what comes; jobs that run are finished, then the threads end.
    package func close() {
        threads.stop()
        jobs.close()
        for job in jobs.removeAll() { job.refuse(refusal(true)) }
    }

    /// Runs the body on one of the threads. A caller that is cancelled while its job waits leaves at once and the job is
    /// skipped; a job that runs is awaited.
    ///
    /// - Parameter lane: whose job it is, such as a network: lanes take turns.
    package func run<Value: Sendable>(
        lane: String = "", priority: JobPriority = .normal, _ body: @escaping @Sendable (Scratch) throws -> Value
    ) async throws -> Value {
        let ticket = Ticket<Value>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard ticket.wait(continuation) else { return }
                let job = Job<Scratch> { scratch in
                    guard let caller = ticket.take() else { return }
                    caller.resume(with: Result { try body(scratch) })
                } refuse: {
                    ticket.take()?.resume(throwing: $0)
                }
                if let refused = jobs.push(job, lane: lane, priority: priority) {
                    refused.refuse(refusal(threads.isStopping))
                }
            }
        } onCancel: {
            ticket.take()?.resume(throwing: CancellationError())
        }
    }
}

private struct Job<Scratch>: Sendable {
    let run: @Sendable (Scratch) -> Void
    let refuse: @Sendable (any Error) -> Void
}

/// The one who takes the continuation resumes it: the thread, the refusal or the cancellation, and only one of them gets
/// it.
private final class Ticket<Value: Sendable>: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<Value, any Error>)
        case taken
    }

    private let state = Mutex(State.new)

    /// `false` when the caller was cancelled before; it has been resumed then.
    func wait(_ continuation: CheckedContinuation<Value, any Error>) -> Bool {
        let waits = state.withLock { state in
            guard case .new = state else { return false }
            state = .waiting(continuation)
            return true
        }
        if !waits { continuation.resume(throwing: CancellationError()) }
        return waits
    }

    func take() -> CheckedContinuation<Value, any Error>? {
        state.withLock { state in
            defer { state = .taken }
            guard case .waiting(let continuation) = state else { return nil }
            return continuation
        }
    }
}
