import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// Bounds what is read of a body whose request has been answered before it was whole, as refusals are.
///
/// A short rest of known length is read, and the connection goes on. Otherwise the answer says `Connection: close`, the
/// sending side is closed behind it, and the client gets a moment to notice: what still arrives is thrown away up to
/// ``rest`` bytes and ``patience``, then the connection is cut.
package final class EarlyAnswerHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    /// Bytes that are read for nothing.
    static let rest = 256 << 10
    static let patience = TimeAmount.seconds(5)

    private enum State {
        case open
        /// The answer that ends the connection is being written.
        case ending
        /// It is written; what arrives is thrown away.
        case ended
    }

    private var state = State.open
    /// Requests that have begun to arrive and whose answer has not ended.
    private var awaited = 0
    /// Between the first and the last part of a request.
    private var isReading = false
    /// How much of the body being read is still to come; `nil` when nobody said.
    private var announced: Int?
    private var wasted = 0
    private var deadline: Scheduled<Void>?

    package init() {}

    package func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        switch part {
        case .head(let head):
            awaited += 1
            isReading = true
            // Whoever expects to be asked for the body may send something else instead.
            let mayHoldBack = head.headerFields[.expect] != nil
            announced = mayHoldBack ? nil : head.headerFields[.contentLength].flatMap(Int.init)
        case .body(let bytes):
            announced = announced.map { $0 - bytes.readableBytes }
            if state != .open { wasted += bytes.readableBytes }
        case .end:
            isReading = false
        }
        switch state {
        case .open: context.fireChannelRead(data)
        // Whoever reads the body still waits for its end. A request behind it is not run.
        case .ending: if wasted <= Self.rest && awaited == 1 { context.fireChannelRead(data) }
        case .ended: if !isReading || wasted > Self.rest { context.close(promise: nil) }
        }
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.kind != .informational && isEarly:
            state = .ending
            head.headerFields[.connection] = "close"
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            awaited -= 1
            guard state == .ending else { return context.write(data, promise: promise) }
            state = .ended
            let written = promise ?? context.eventLoop.makePromise()
            let loopBound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
            written.futureResult.whenComplete { _ in loopBound.value.handler.end(loopBound.value.context) }
            context.writeAndFlush(data, promise: written)
        default:
            context.write(data, promise: promise)
        }
    }

    /// Whether the request that is being answered has more to come than is worth reading.
    private var isEarly: Bool {
        guard state == .open, isReading, awaited == 1 else { return false }
        return announced.map { $0 > Self.rest } ?? true
    }

    private func end(_ context: ChannelHandlerContext) {
        guard isReading, wasted <= Self.rest else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }
}
