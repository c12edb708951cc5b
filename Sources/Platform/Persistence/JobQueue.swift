import Glibc

/// A bounded queue between callers and the threads of a driver. When it is full, or closed, `push` answers `false`.
///
/// A job goes straight to the thread that became idle last, whose memory is still in the processor's cache, and wakes that
/// thread alone. A condition variable shared by all threads cost six system calls a job, this costs two.
package final class JobQueue<Job: Sendable>: @unchecked Sendable {
    // Safe: every field below is touched only while `lock` is held.
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private var jobs: [Job] = []
    private var head = 0
    private var idle: [IdleThread<Job>] = []
    private var isClosed = false
    private let bound: Int

    package init(bound: Int) {
        self.bound = bound
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    package func push(_ job: Job) -> Bool {
        pthread_mutex_lock(lock)
        guard !isClosed, jobs.count - head < bound else {
            pthread_mutex_unlock(lock)
            return false
        }
        guard let thread = idle.popLast() else {
            jobs.append(job)
            pthread_mutex_unlock(lock)
            return true
        }
        pthread_mutex_unlock(lock)
        thread.wake(with: job)
        return true
    }

    /// Waits for a job; `nil` once the queue is closed and empty.
    package func pop() -> Job? {
        popAll(limit: 1).first
    }

    /// Waits for at least one job and takes all that are there, up to `limit`; empty once the queue is closed and empty.
    package func popAll(limit: Int) -> [Job] {
        pthread_mutex_lock(lock)
        if head < jobs.count || isClosed {
            defer { pthread_mutex_unlock(lock) }
            return take(limit)
        }
        let thread = IdleThread<Job>()
        idle.append(thread)
        pthread_mutex_unlock(lock)
        guard let first = thread.sleep() else { return [] }
        guard limit > 1 else { return [first] }
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return [first] + take(limit - 1)
    }

    /// Waits for a job and takes it; with it those directly behind that may join it, `limit` in all. Empty once the queue
    /// is closed and empty.
    package func pop(limit: Int, joining isBatchable: (Job) -> Bool) -> [Job] {
        guard let first = pop() else { return [] }
        guard isBatchable(first) else { return [first] }
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        var count = 0
        while count < limit - 1, head + count < jobs.count, isBatchable(jobs[head + count]) { count += 1 }
        return [first] + take(count)
    }

    /// Refuses further jobs; those already in the queue are still handed out.
    package func close() {
        pthread_mutex_lock(lock)
        isClosed = true
        let sleeping = idle
        idle.removeAll()
        pthread_mutex_unlock(lock)
        for thread in sleeping { thread.wake(with: nil) }
    }

    private func take(_ limit: Int) -> [Job] {
        let end = min(jobs.count, head + limit)
        let taken = Array(jobs[head..<end])
        head = end
        if head == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1024 {
            jobs.removeSubrange(..<head)
            head = 0
        }
        return taken
    }
}

/// A thread that waits for one job.
private final class IdleThread<Job: Sendable>: @unchecked Sendable {
    // Safe: the job is written before the semaphore is raised and read after it was waited for.
    private let woken: UnsafeMutablePointer<sem_t>
    private var job: Job?

    init() {
        woken = .allocate(capacity: 1)
        sem_init(woken, 0, 0)
    }

    deinit {
        sem_destroy(woken)
        woken.deallocate()
    }

    func wake(with job: Job?) {
        self.job = job
        sem_post(woken)
    }

    func sleep() -> Job? {
        while sem_wait(woken) != 0 {}  // A signal may interrupt the wait.
        return job
    }
}
