import Glibc

/// A bounded queue between callers and threads.
///
/// A job goes straight to the thread that became idle last, whose memory is still in the processor's cache, and wakes that
/// thread alone. Jobs that have to wait take turns by priority and lane (``push(_:lane:priority:)``).
package final class JobQueue<Job: Sendable>: @unchecked Sendable {
    // Safe: every field below is touched only while `lock` is held.
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private var waiting = WaitingJobs<Job>()
    private var idle: [IdleThread<Job>] = []
    private var isClosed = false
    private let bound: Int

    /// - Parameter bound: how many jobs may wait, beside those that threads have taken.
    package init(bound: Int) {
        self.bound = bound
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Adds a job. The answer is the job that finds no room and has to be refused, if there is one: this one, or, when
    /// the queue is full and another lane holds more of it or has a lower priority, the last of that lane.
    ///
    /// - Parameter lane: whose job it is. Lanes take turns, so one with many jobs keeps nobody else waiting for all of
    ///   them.
    package func push(_ job: Job, lane: String = "", priority: JobPriority = .normal) -> Job? {
        pthread_mutex_lock(lock)
        guard !isClosed else {
            pthread_mutex_unlock(lock)
            return job
        }
        if let thread = idle.popLast() {
            pthread_mutex_unlock(lock)
            thread.wake(with: job)
            return nil
        }
        defer { pthread_mutex_unlock(lock) }
        var displaced: Job?
        if waiting.count >= bound {
            displaced = waiting.displaced(by: lane, priority)
            if displaced == nil { return job }
        }
        waiting.append(job, lane: lane, priority: priority)
        return displaced
    }

    /// Waits for a job; `nil` once the queue is closed and empty.
    package func pop() -> Job? {
        popAll(limit: 1).first
    }

    /// Waits for at least one job and takes all that are there, up to `limit`; empty once the queue is closed and empty.
    package func popAll(limit: Int) -> [Job] {
        pop(limit: limit) { _ in true }
    }

    /// Waits for a job and takes it; with it those directly behind that may join it, `limit` in all. Empty once the queue
    /// is closed and empty.
    package func pop(limit: Int, joining isBatchable: (Job) -> Bool) -> [Job] {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        guard let first = waiting.removeFirst() ?? sleep() else { return [] }
        var jobs = [first]
        guard limit > 1, isBatchable(first) else { return jobs }
        while jobs.count < limit, let next = waiting.first, isBatchable(next), let job = waiting.removeFirst() {
            jobs.append(job)
        }
        return jobs
    }

    /// Refuses further jobs; those that wait are still handed out.
    package func close() {
        pthread_mutex_lock(lock)
        isClosed = true
        let sleeping = idle
        idle.removeAll()
        pthread_mutex_unlock(lock)
        for thread in sleeping { thread.wake(with: nil) }
    }

    /// Takes out those that wait and fit, for somebody who refuses them.
    package func removeAll(where fits: (Job) -> Bool = { _ in true }) -> [Job] {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return waiting.removeAll(where: fits)
    }

    /// Called with the lock held, which is released while the thread sleeps.
    private func sleep() -> Job? {
        guard !isClosed else { return nil }
        let thread = IdleThread<Job>()
        idle.append(thread)
        pthread_mutex_unlock(lock)
        defer { pthread_mutex_lock(lock) }
        return thread.sleep()
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
