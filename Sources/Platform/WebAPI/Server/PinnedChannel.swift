package import HummingbirdCore
package import Logging
package import NIOCore

/// Keeps all work of a connection on the event loop that reads and writes its socket.
///
/// Without it a request that waited for the database resumes on whichever loop is next, and its answer then crosses to the
/// connection's own loop: one more thread switch for every second request (Documentation/decisions/0003-event-loops.md).
package struct PinnedChannel<Base: ServerChildChannel>: ServerChildChannel {
    private let base: Base

    package init(_ base: Base) {
        self.base = base
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        base.setup(channel: channel, logger: logger)
    }

    package func handle(value: Base.Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopTasks(loop: value.channel.eventLoop)) {
            await base.handle(value: value, logger: logger)
        }
    }
}

/// Runs tasks on one event loop.
private final class EventLoopTasks: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
