import NIOCore

/// Runs tasks on one event loop.
///
/// Without it a request that waited for the database would resume on a thread of the shared pool, and its answer would then
/// cross to the loop that owns the socket.
final class EventLoopTasks: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
