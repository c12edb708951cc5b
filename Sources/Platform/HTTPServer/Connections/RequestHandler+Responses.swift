import Foundation
import NIOCore
import NIOHTTP1

// How answers leave.
//
// A request whose answer comes before its body is read to its end when that is short and its length is known. Otherwise
// the answer says `Connection: close`, the sending side is closed behind it, and the client gets a moment to notice: what
// still arrives is thrown away up to `rest` bytes and `patience`, then the connection is cut.
extension RequestHandler {
    /// Bytes that are read for nothing.
    static let rest = 256 << 10
    static let patience = TimeAmount.seconds(5)

    private enum Framing {
        case length(Int)
        case chunked
        /// The body ends with the connection, for clients of HTTP/1.0.
        case untilClose
        case none
    }

    func deliver(_ response: ServerResponse) async {
        switch response.body {
        case .bytes: send(response, isLast: isLastAnswer)
        case .stream(let length, let produce): await stream(response, length, produce)
        case .upgrade(let upgrade): take(upgrade, response)
        }
    }

    /// Writes a finished answer.
    func send(_ response: ServerResponse, isLast: Bool) {
        guard let context, case .bytes(let bytes) = response.body else { return }
        writeHead(response, response.isBodiless ? .none : .length(bytes.readableBytes), isLast: isLast)
        if bytes.readableBytes > 0, head?.method != .HEAD, !response.isBodiless {
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        }
        finish(isLast: isLast)
    }

    private func writeHead(_ response: ServerResponse, _ framing: Framing, isLast: Bool) {
        isWaitingToSend = false
        var headers = response.headers
        switch framing {
        case .length(let length): headers.add(name: "Content-Length", value: String(length))
        case .chunked: headers.add(name: "Transfer-Encoding", value: "chunked")
        case .untilClose, .none: break
        }
        if isLast {
            headers.add(name: "Connection", value: "close")
        } else if head?.version.isOld == true {
            headers.add(name: "Connection", value: "keep-alive")
        }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: response.status), headers: headers)
        context?.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    /// Writes an answer as it is made, no faster than the client takes it.
    private func stream(
        _ response: ServerResponse, _ length: Int?, _ produce: @Sendable (BodyWriter) async throws -> Void
    ) async {
        guard let head else { return }
        let framing: Framing = length.map { .length($0) } ?? (head.version.isOld ? .untilClose : .chunked)
        var isLast = isLastAnswer
        if case .untilClose = framing { isLast = true }
        guard head.method != .HEAD else {
            // The encoder would end a body in chunks that there is none of.
            writeHead(response, length == nil ? .none : framing, isLast: isLast)
            return finish(isLast: isLast)
        }
        writeHead(response, framing, isLast: isLast)
        context?.flush()
        let progress = StreamProgress()
        do {
            try await produce(
                BodyWriter { [self] bytes in
                    progress.written += bytes.readableBytes
                    try await write(bytes)
                })
            guard length.map({ $0 == progress.written }) ?? true else { throw BodyWriter.ClientGone() }
        } catch {
            return breakOff()
        }
        finish(isLast: isLast || inputHasEnded)
    }

    /// On this event loop, as all work of a request is.
    private func write(_ bytes: ByteBuffer) async throws {
        guard let context else { throw BodyWriter.ClientGone() }
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        if !context.channel.isWritable { await withCheckedContinuation { writers.append($0) } }
        if self.context == nil { throw BodyWriter.ClientGone() }
    }

    /// Cuts the connection so that the client cannot take what it has for the whole: a proxy that speaks HTTP/1.0 would do
    /// so after an orderly end.
    private func breakOff() {
        guard let context else { return }
        phase = .closing
        (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in
        }
        context.close(promise: nil)
    }

    /// Asks a client that waits for it to send the body (RFC 9110 §10.1.1). Only once the request is admitted: a
    /// refused client sends none.
    func invite() {
        guard let context, isWaitingToSend else { return }
        isWaitingToSend = false
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }

    /// Writes the end of an answer and goes on behind it. Writing it lets in the next request.
    private func finish(isLast: Bool) {
        guard let context else { return }
        let isInside = isPumping
        isPumping = true
        if isLast {
            readNothing()
            context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { [self] _ in closeOutput() }
        } else {
            if isReading { phase = .answered } else { goOn() }
            body = nil
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        isPumping = isInside
        closeIfDone()
        pump()
    }

    private func closeOutput() {
        guard let context else { return }
        outputHasEnded = true
        guard !hasFailed, !inputHasEnded, !isDeaf else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }

    /// Whether nothing can follow the answer that is about to be written.
    private var isLastAnswer: Bool {
        guard let head, head.isKeepAlive, !isDeaf, !inputHasEnded else { return true }
        return isEarly || hasFailed && isReading || body?.isBroken == true
    }

    /// Whether the request has more to come than is worth reading.
    private var isEarly: Bool { isReading && announced.map { $0 > Self.rest } ?? isReading }
}

/// How much a stream has written.
private final class StreamProgress: @unchecked Sendable {
    // Safe: the pieces of a stream are written one after the other, on the event loop of its connection.
    var written = 0
}
