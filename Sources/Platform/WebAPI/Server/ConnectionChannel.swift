import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1

/// Bounds of a connection.
package struct ConnectionLimits: Sendable {
    /// How long a connection may be silent, unless an answer is being made.
    package var idleTime: TimeAmount
    /// How long a request may take to arrive, and a second more for each KiB of its body. Slower clients are cut off: with
    /// a byte now and then they would keep connections from others.
    package var arrivalTime: TimeAmount
    /// Bytes of one header field, of all of them, and their number; more is 431.
    package var fieldSize: Int
    package var headerSize: Int
    package var fieldCount: Int

    package init(
        idleTime: TimeAmount = .seconds(75), arrivalTime: TimeAmount = .seconds(30), fieldSize: Int = 16 << 10,
        headerSize: Int = 32 << 10, fieldCount: Int = 100
    ) {
        self.idleTime = idleTime
        self.arrivalTime = arrivalTime
        self.fieldSize = fieldSize
        self.headerSize = headerSize
        self.fieldCount = fieldCount
    }
}

/// Serves HTTP/1.1 on the connections that Hummingbird's server accepts (Documentation/decisions/0012-connection-handler.md).
package struct ConnectionChannel: ServerChildChannel {
    private let responder: APIResponder
    private let limits: ConnectionLimits

    package init(_ responder: APIResponder, limits: ConnectionLimits = ConnectionLimits()) {
        self.responder = responder
        self.limits = limits
    }

    /// A connection, and how it is told that the server stops.
    package struct Value: ServerChildChannelValue {
        package let channel: any Channel
        fileprivate let connection: NIOLoopBound<HTTPConnection>
        fileprivate let finished: EventLoopFuture<Void>
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            var decoding = NIOHTTPDecoderLimitConfiguration()
            decoding.maxHeaderFieldSize = limits.fieldSize
            decoding.maxHeaderListSize = limits.headerSize
            decoding.maxHeaderFieldCount = limits.fieldCount
            let connection = HTTPConnection(
                responder: responder, loop: channel.eventLoop, limits: limits, logger: logger)
            do {
                try channel.pipeline.syncOperations.addHandlers(
                    ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: decoding)), connection)
            } catch {
                connection.abandon()
                throw error
            }
            return Value(
                channel: channel, connection: NIOLoopBound(connection, eventLoop: channel.eventLoop),
                finished: connection.finished.futureResult)
        }
    }

    /// Waits for the end of the connection and of what it had in hand.
    package func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            try? await value.finished.get()  // Never fails.
        } onCancel: {
            value.channel.eventLoop.execute { value.connection.value.cancel() }
        }
    }
}

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
