import Foundation
import Synchronization

/// A fixed number of own threads that run blocking jobs from one bounded queue; each owns a scratch value, made on the
/// thread and reused by its jobs.
///
/// Blocking work must not run on the threads that serve requests. The threads yield to those (`nice`), so that a storm of
/// sign-ins slows sign-ins only.
final class WorkerThreads<Scratch>: Sendable {
    private let jobs: JobQueue<Scratch>

    /// - Parameters:
    ///   - name: at most 12 bytes; the system cuts thread names at 15.
    ///   - queueLimit: jobs that may wait beside those that run; one more is refused with `refusal`, which is told whether
    ///     the threads have ended.
    init(
        name: String, count: Int, queueLimit: Int, refusal: @escaping @Sendable (_ isClosed: Bool) -> any Error,
        makeScratch: @escaping @Sendable () -> Scratch
    ) throws {
        let jobs = JobQueue<Scratch>(limit: queueLimit, refusal: refusal)
        self.jobs = jobs
        for index in 0..<count {
            let started = OwnThread.start(name: "\(name)-\(index)", stackBytes: 256 * 1024) {
                let scratch = makeScratch()
                while let job = jobs.next() { job.run(scratch) }
            }
            guard started else {
                jobs.close()
                throw KeyConfigurationError("cannot start \(count) threads")
            }
        }
    }

    deinit { jobs.close() }

    /// Refuses what waits and what comes; jobs that run are finished, then the threads end.
    func close() { jobs.close() }

    /// Runs the body on one of the threads. A caller that is cancelled while its job waits leaves at once and the job is
    /// skipped; a job that runs is awaited.
    func run<Value: Sendable>(_ body: @escaping @Sendable (Scratch) throws -> Value) async throws -> Value {
        let ticket = Ticket<Value>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard ticket.wait(continuation) else { return }
                jobs.add(
                    Job(
                        run: { scratch in
                            guard let caller = ticket.take() else { return }
                            caller.resume(with: Result { try body(scratch) })
                        },
                        refuse: { ticket.take()?.resume(throwing: $0) }))
            }
        } onCancel: {
            ticket.take()?.resume(throwing: CancellationError())
        }
    }
}

/// Whoever takes the continuation resumes it: the worker, the refusal or the cancellation, and only one of them gets it.
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

private struct Job<Scratch> {
    let run: @Sendable (Scratch) -> Void
    let refuse: @Sendable (any Error) -> Void
}

/// The waiting jobs.
private final class JobQueue<Scratch>: @unchecked Sendable {  // `waiting` and `closed` change under `lock` only
    private let lock: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
    private let changed: UnsafeMutablePointer<pthread_cond_t> = .allocate(capacity: 1)
    private let limit: Int
    private let refusal: @Sendable (_ isClosed: Bool) -> any Error
    private var waiting: [Job<Scratch>] = []
    private var closed = false

    init(limit: Int, refusal: @escaping @Sendable (_ isClosed: Bool) -> any Error) {
        self.limit = limit
        self.refusal = refusal
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    func add(_ job: Job<Scratch>) {
        pthread_mutex_lock(lock)
        let accepted = !closed && waiting.count < limit
        if accepted {
            waiting.append(job)
            pthread_cond_signal(changed)
        }
        let isClosed = closed
        pthread_mutex_unlock(lock)
        if !accepted { job.refuse(refusal(isClosed)) }
    }

    /// The next job, awaited; `nil` when the thread shall end.
    func next() -> Job<Scratch>? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while waiting.isEmpty && !closed { pthread_cond_wait(changed, lock) }
        return waiting.isEmpty ? nil : waiting.removeFirst()
    }

    func close() {
        pthread_mutex_lock(lock)
        closed = true
        let refused = waiting
        waiting = []
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(lock)
        for job in refused { job.refuse(refusal(true)) }
    }
}

/// Starts detached threads.
private enum OwnThread {
    private final class Start {
        let body: () -> Void
        let name: String

        init(name: String, body: @escaping () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// `false` when the system gives no thread.
    static func start(name: String, stackBytes: Int, _ body: @escaping @Sendable () -> Void) -> Bool {
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        defer { attributes.deallocate() }
        guard pthread_attr_init(attributes) == 0 else { return false }
        defer { pthread_attr_destroy(attributes) }
        pthread_attr_setstacksize(attributes, stackBytes)
        pthread_attr_setdetachstate(attributes, CInt(PTHREAD_CREATE_DETACHED))
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var thread: pthread_t = 0
        let failure = pthread_create(
            &thread, attributes,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                Thread.current.name = start.name
                _ = nice(5)
                start.body()
                return nil
            }, start.toOpaque())
        if failure != 0 { start.release() }
        return failure == 0
    }
}
