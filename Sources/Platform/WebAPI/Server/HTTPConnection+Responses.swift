import NIOCore
import NIOHTTP1

// How answers leave.
//
// A request whose answer comes before its body is read to its end when that is short and its length is known. Otherwise
// the answer says `Connection: close`, the sending side is closed behind it, and the client gets a moment to notice: what
// still arrives is thrown away up to `rest` bytes and `patience`, then the connection is cut.
extension HTTPConnection {
    /// Bytes that are read for nothing.
    static let rest = 256 << 10
    static let patience = TimeAmount.seconds(5)
    /// Bodies up to this size leave in one piece with their head.
    private static let joined = 32 << 10

    func deliver(_ outgoing: RenderedResponse) async {
        if case .stream(let make) = outgoing.answer.body, !outgoing.omitsBody {
            await stream(make(), outgoing)
        } else {
            send(outgoing, isLast: isLastAnswer)
        }
    }

    /// Writes a finished answer.
    func send(_ outgoing: RenderedResponse, isLast: Bool) {
        guard let context else { return }
        var bytes = ByteBuffer()
        var framing = ResponseHeadWriter.Framing.chunked
        if case .bytes(let content) = outgoing.answer.body {
            bytes = content
            framing = Self.hasNoBody(outgoing.answer.status) ? .bodiless : .length(bytes.readableBytes)
        }
        if outgoing.omitsBody || Self.hasNoBody(outgoing.answer.status) { bytes.clear() }
        let isJoined = bytes.readableBytes <= Self.joined
        var buffer = context.channel.allocator.buffer(capacity: 768 + (isJoined ? bytes.readableBytes : 0))
        let connection: ResponseHeadWriter.Connection = isLast ? .closed : head?.version.isOld == true ? .kept : .open
        responder.head.write(outgoing, framing, connection, into: &buffer)
        if isJoined {
            buffer.writeImmutableBuffer(bytes)
        } else {
            context.write(wrapOutboundOut(buffer), promise: nil)
            buffer = bytes
        }
        finish(buffer, isLast: isLast)
    }

    /// Writes an answer as it is made, no faster than the client takes it.
    private func stream(_ pieces: AsyncStream<ByteBuffer>, _ outgoing: RenderedResponse) async {
        guard let head else { return }
        let isChunked = !head.version.isOld
        let isLast = isLastAnswer || !isChunked
        var buffer = ByteBuffer()
        responder.head.write(
            outgoing, isChunked ? .chunked : .untilClose, isLast ? .closed : .open, into: &buffer)
        for await piece in pieces where piece.readableBytes > 0 {
            if isChunked { buffer.writeString(String(piece.readableBytes, radix: 16) + "\r\n") }
            buffer.writeImmutableBuffer(piece)
            if isChunked { buffer.writeStaticString("\r\n") }
            // The client has gone, and with it the reason to make the rest.
            guard let context else { return }
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
            buffer = ByteBuffer()
            await writable()
        }
        if isChunked { buffer.writeStaticString("0\r\n\r\n") }
        finish(buffer, isLast: isLast || isStoppingIdle)
    }

    private func writable() async {
        guard let context, !context.channel.isWritable else { return }
        await withUnsafeContinuation { writers.append($0) }
    }

    func resumeWriters() {
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
    }

    /// Asks a client that waits for it to send the body (RFC 9110 §10.1.1). Only once the request is admitted: whoever is
    /// refused sends none.
    func invite() {
        guard let context, let head, !head.version.isOld,
            head.headers.first(name: "Expect")?.lowercased() == "100-continue"
        else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }

    /// Writes the end of an answer and goes on behind it.
    private func finish(_ end: ByteBuffer, isLast: Bool) {
        guard let context else { return }
        guard isLast else {
            context.writeAndFlush(wrapOutboundOut(end), promise: nil)
            return isReading ? readRest() : next()
        }
        readNothing()
        context.writeAndFlush(wrapOutboundOut(end)).whenComplete { [self] _ in closeOutput() }
    }

    private func closeOutput() {
        guard let context else { return }
        outputHasEnded = true
        guard !hasFailed, !inputHasEnded, !isStopping else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }

    /// Whether nothing can follow the answer that is about to be written.
    private var isLastAnswer: Bool {
        guard let head, head.isKeepAlive else { return true }
        return isEarly || hasFailed && isReading || isStoppingIdle
    }

    /// Whether the request has more to come than is worth reading.
    private var isEarly: Bool { isReading && announced.map { $0 > Self.rest } ?? isReading }

    private static func hasNoBody(_ status: Int) -> Bool { status == 204 || status == 304 }
}
