import Glibc

/// A bounded queue between callers and the threads of a driver. When it is full, or closed, `push` answers `false`.
package final class JobQueue<Job: Sendable>: @unchecked Sendable {
    // Safe: every field below is touched only while `lock` is held.
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let filled: UnsafeMutablePointer<pthread_cond_t>
    private var jobs: [Job] = []
    private var head = 0
    private var isClosed = false
    private let bound: Int

    package init(bound: Int) {
        self.bound = bound
        lock = .allocate(capacity: 1)
        filled = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        pthread_cond_init(filled, nil)
    }

    deinit {
        pthread_cond_destroy(filled)
        pthread_mutex_destroy(lock)
        filled.deallocate()
        lock.deallocate()
    }

    package func push(_ job: Job) -> Bool {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        guard !isClosed, jobs.count - head < bound else { return false }
        jobs.append(job)
        pthread_cond_signal(filled)
        return true
    }

    /// Waits for a job; `nil` once the queue is closed and empty.
    package func pop() -> Job? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while head == jobs.count {
            if isClosed { return nil }
            pthread_cond_wait(filled, lock)
        }
        let job = jobs[head]
        advance(1)
        return job
    }

    /// Waits for at least one job and takes all that are there, up to `limit`; empty once the queue is closed and empty.
    package func popAll(limit: Int) -> [Job] {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while head == jobs.count {
            if isClosed { return [] }
            pthread_cond_wait(filled, lock)
        }
        let taken = Array(jobs[head..<min(jobs.count, head + limit)])
        advance(taken.count)
        return taken
    }

    /// Refuses further jobs; those already in the queue are still handed out.
    package func close() {
        pthread_mutex_lock(lock)
        isClosed = true
        pthread_cond_broadcast(filled)
        pthread_mutex_unlock(lock)
    }

    private func advance(_ count: Int) {
        head += count
        if head == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1024 {
            jobs.removeSubrange(..<head)
            head = 0
        }
    }
}
