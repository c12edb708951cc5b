import CareSyncCore
import HTTPTypes
import NIOCore
import NIOHTTP1

// How requests are taken, and handed to the tasks that answer them.
extension RequestHandler {
    func begin(_ head: HTTPRequestHead) {
        guard phase == .idle else { return }
        self.head = head
        phase = .arriving
        isReading = true
        isDue = false
        clock.arrivalBegins()
        if let entry { table.isBusy(entry) }
        let headers = RequestHeaders(head.headers)
        isDeaf = head.method == .CONNECT || headers.upgrade != nil
        isWaitingToSend =
            !head.version.isOld && head.headers.first(name: "Expect")?.lowercased() == "100-continue"
        // Whoever expects to be asked for the body may send something else instead.
        let mayHoldBack = head.headers.contains(name: "Expect")
        announced = mayHoldBack ? nil : head.headers.first(name: "Content-Length").flatMap { Int($0) }
        refusal = headers.hasSoundHost(isOptional: head.version.isOld) ? nil : .malformed
    }

    func take(_ bytes: ByteBuffer) {
        announced = announced.map { $0 - bytes.readableBytes }
        clock.arrived += bytes.readableBytes
        switch phase {
        case .arriving:
            if gathered?.writeImmutableBuffer(bytes) == nil { gathered = bytes }
        case .answering: body?.append(bytes)
        case .closing:
            wasted += bytes.readableBytes
            if wasted > Self.rest { closeIfDone() }
        case .idle, .answered, .upgraded: break
        }
    }

    func finishReading() {
        isReading = false
        clock.arrivalEnds()
        switch phase {
        case .arriving:
            isDue = true
            pump()
        case .answering: body?.finish(.success(()))
        case .answered:
            goOn()
            closeIfDone()
        case .closing: closeIfDone()
        case .idle, .upgraded: break
        }
    }

    /// Starts what is due. Not re-entrant: an answer admits the next request while it is being written, and thousands
    /// may have arrived together.
    func pump() {
        guard !isPumping else { return }
        isPumping = true
        while phase == .arriving, isDue, context?.channel.isWritable == true { start() }
        isPumping = false
        readOn()
    }

    private func start() {
        guard let head else { return }
        if let refusal { return refuse(refusal) }
        let first = gathered ?? ByteBuffer()
        gathered = nil
        phase = .answering
        if isReading, let loop = context?.eventLoop {
            body = ArrivingBody(first, from: IPAddress.network(of: peer), budget: budget, loop: loop) {
                [unowned self] in
                invite()
                readOn()
            }
        }
        let request = request(head, body.map { .arriving($0) } ?? .whole(first))
        isTaskRunning = true
        task = Task.immediate(executorPreference: tasks) { [self] in
            await deliver(responder.respond(to: request))
            isTaskRunning = false
            task = nil
            finishIfOver()
        }
        if !isTaskRunning { task = nil }
    }

    /// Bytes that are not HTTP: nothing behind them can be trusted. A request whose body broke gets one answer.
    func refuse(_ refusal: RequestRefusal) {
        let head = phase == .arriving && !hasFailed ? self.head : nil
        phase = .answering
        gathered = nil
        let unknown = HTTPRequestHead(version: .http1_1, method: .GET, uri: "")
        send(responder.refuse(refusal, of: request(head ?? unknown, .whole(ByteBuffer()))), isLast: true)
    }

    private func request(_ head: HTTPRequestHead, _ body: IncomingBody) -> ServerRequest {
        ServerRequest(
            method: HTTPRequest.Method(head.method), target: head.uri, headers: RequestHeaders(head.headers),
            body: body, peer: peer, logger: logger)
    }

    /// Goes on behind a request that has its answer.
    func goOn() {
        phase = .idle
        head = nil
        body = nil
        clock.isHeard()
        if let entry { table.isWaiting(entry) }
    }

    /// Throws away what still arrives.
    func readNothing() {
        phase = .closing
        body = nil
    }

    /// Closes unless a request is running, or one is being read that has not been answered.
    func closeIfDone() {
        switch phase {
        case .idle where inputHasEnded, .answered where inputHasEnded: closeWhenWritten()
        case .closing where outputHasEnded: context?.close(promise: nil)
        default: break
        }
    }

    /// Behind an answer that the client may still be reading.
    private func closeWhenWritten() {
        guard let context else { return }
        guard waitingBytes > 0, let handlers = protocolHandlers,
            let first = try? context.pipeline.syncOperations.context(handler: handlers.decoder)
        else { return context.close(promise: nil) }
        readNothing()
        let channel = context.channel
        // Nothing, written in front of the encoder, is done when everything before it is.
        first.writeAndFlush(NIOAny(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
    }

    /// What the socket has not taken yet.
    var waitingBytes: Int {
        guard let options = context?.channel.syncOptions else { return 0 }
        return (try? options.getOption(.bufferedWritableBytes)) ?? 0  // A closed channel has none.
    }
}
