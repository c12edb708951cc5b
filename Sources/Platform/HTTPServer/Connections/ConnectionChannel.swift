import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1

/// Serves HTTP/1.1 on the connections that Hummingbird's server accepts, with NIO's decoder, encoder and pipelining,
/// and our own handler for what those lack (decision 23).
package struct ConnectionChannel: ServerChildChannel {
    private let responder: any RequestResponder
    private let limits: ConnectionLimits
    private let budget: BodyBudget
    private let table: ConnectionTable

    /// - Parameter table: all connections of the process; `budget` bounds the bodies that arrive on them.
    package init(
        _ responder: any RequestResponder, limits: ConnectionLimits = ConnectionLimits(),
        budget: BodyBudget = BodyBudget(), table: ConnectionTable = ConnectionTable(capacity: .max)
    ) {
        self.responder = responder
        self.limits = limits
        self.budget = budget
        self.table = table
    }

    /// A connection, and how it is told that the server stops.
    package struct Value: ServerChildChannelValue {
        package let channel: any Channel
        fileprivate let handler: NIOLoopBound<RequestHandler>
        fileprivate let finished: EventLoopFuture<Void>
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            var decoding = NIOHTTPDecoderLimitConfiguration()
            decoding.maxHeaderFieldSize = limits.fieldSize
            decoding.maxHeaderListSize = limits.headerSize
            decoding.maxHeaderFieldCount = limits.fieldCount
            var encoding = HTTPResponseEncoder.Configuration()
            // The handler does the framing, because it knows about HEAD and clients of HTTP/1.0.
            encoding.automaticallySetFramingHeaders = false
            let handler = RequestHandler(
                responder: responder, loop: channel.eventLoop, limits: limits, budget: budget, table: table,
                logger: logger)
            let protocolHandlers = ProtocolHandlers(
                decoder: ByteToMessageHandler(
                    HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: decoding),
                    maximumBufferSize: ConnectionLimits.undecodedBytes),
                encoder: HTTPResponseEncoder(configuration: encoding), pipelining: HTTPServerPipelineHandler())
            do {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(protocolHandlers.decoder)
                try pipeline.addHandler(protocolHandlers.encoder)
                try pipeline.addHandler(protocolHandlers.pipelining)
                handler.protocolHandlers = protocolHandlers
                try pipeline.addHandler(handler)
            } catch {
                handler.abandon()
                throw error
            }
            return Value(
                channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop),
                finished: handler.finished.futureResult)
        }
    }

    /// Waits for the end of the connection and of its running requests.
    package func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            try? await value.finished.get()  // Never fails.
        } onCancel: {
            value.channel.eventLoop.execute {
                let handler = value.handler.value
                if handler.phase == .upgraded { value.channel.close(promise: nil) } else { handler.cancel() }
            }
        }
    }
}

/// NIO's handlers of a connection, from the socket up. They leave when the connection is upgraded.
struct ProtocolHandlers {
    let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    let encoder: HTTPResponseEncoder
    let pipelining: HTTPServerPipelineHandler
}
