import CareSyncCore
import HTTPTypes
import NIOCore
import NIOHTTP1

// How requests are taken, one after the other, and handed to the tasks that answer them.
extension HTTPConnection {
    /// The server stops, and no other request waits for its answer.
    var isStoppingIdle: Bool { isStopping && arrivals.isEmpty }

    var isBusy: Bool {
        !arrivals.isEmpty || body?.isHungry == false || phase == .closing && wasted > Self.rest
    }

    func readOn() {
        guard isReadDue, !isBusy else { return }
        isReadDue = false
        context?.read()
    }

    /// Takes what has been read as far as the request in front allows. Never inside itself, however many requests came
    /// together.
    func pump() {
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        while let arrival = arrivals.first, mayTake(arrival) {
            arrivals.removeFirst()
            switch arrival {
            case .part(.head(let head)): begin(head)
            case .part(.body(let bytes)): take(bytes)
            case .part(.end): finishReading()
            case .failure(let failure): refuse(failure)
            }
        }
    }

    private func mayTake(_ arrival: Arrival) -> Bool {
        switch arrival {
        case .part(.head): phase == .idle && context?.channel.isWritable == true || phase == .closing
        case .part: true
        case .failure: phase == .idle || phase == .closing || isReading
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        guard phase == .idle else { return }
        self.head = head
        phase = .arriving
        isReading = true
        arrivalStart = arrivalStart ?? .now()
        arrived = 0
        // Whoever expects to be asked for the body may send something else instead.
        let mayHoldBack = head.headers.contains(name: "Expect")
        announced = mayHoldBack ? nil : head.headers.first(name: "Content-Length").flatMap { Int($0) }
        let isSound = RequestHeaders(head.headers).hasSoundHost(isOptional: head.version.isOld)
        if !isSound { refuse(.malformedHTTP, head) }
    }

    private func take(_ bytes: ByteBuffer) {
        announced = announced.map { $0 - bytes.readableBytes }
        arrived += bytes.readableBytes
        switch phase {
        case .arriving:
            if gathered?.writeImmutableBuffer(bytes) == nil { gathered = bytes }
        case .answering: body?.append(bytes)
        case .closing:
            wasted += bytes.readableBytes
            if wasted > Self.rest { closeIfDone() }
        case .idle, .answered: break
        }
    }

    private func finishReading() {
        isReading = false
        arrivalStart = nil
        switch phase {
        case .arriving: start(.whole(gathered ?? ByteBuffer()))
        case .answering: body?.finish(.success(()))
        case .answered: next()
        case .closing: closeIfDone()
        case .idle: break
        }
    }

    /// Bytes that are not HTTP: nothing behind them can be trusted. A request whose body broke gets one answer.
    private func refuse(_ failure: HTTPParserError) {
        switch phase {
        case .idle, .arriving:
            let problem: Problem = failure == .headerOverflow ? .headersTooLarge : .malformedHTTP
            refuse(problem, HTTPRequestHead(version: .http1_1, method: .GET, uri: ""))
        case .answering: body?.finish(.failure(failure))
        case .answered: context?.close(promise: nil)
        case .closing: closeIfDone()
        }
    }

    private func refuse(_ problem: Problem, _ head: HTTPRequestHead) {
        phase = .answering
        send(responder.refusal(problem, of: request(head, .whole(ByteBuffer()))), isLast: true)
    }

    /// A body that did not come whole with its head is handed over as it arrives.
    func startIfArriving() {
        guard phase == .arriving else { return }
        let body = ArrivingBody(gathered ?? ByteBuffer()) { [unowned self] in
            invite()
            readOn()
        }
        self.body = body
        start(.arriving(body))
    }

    private func start(_ body: IncomingBody) {
        guard let head else { return }
        gathered = nil
        phase = .answering
        isTaskRunning = true
        let request = request(head, body)
        task = Task.immediate(executorPreference: tasks) { [self] in
            await deliver(responder.answer(request))
            isTaskRunning = false
            task = nil
            finishIfOver()
        }
        if !isTaskRunning { task = nil }
    }

    private func request(_ head: HTTPRequestHead, _ body: IncomingBody) -> ServerRequest {
        let peer = self.peer ?? context?.remoteAddress?.ipAddress ?? ""
        self.peer = peer
        return ServerRequest(
            method: HTTPRequest.Method(head.method), target: head.uri, headers: RequestHeaders(head.headers),
            body: body, peer: peer, logger: logger)
    }

    /// Goes on behind an answer.
    func next() {
        phase = .idle
        head = nil
        body = nil
        lastTraffic = .now()
        goOn()
    }

    /// Takes what waits, now that it may be taken. While that is being done already, nothing is left to do.
    func goOn() {
        guard !isPumping else { return }
        pump()
        startIfArriving()
        closeIfDone()
        readOn()
    }

    /// Reads a short rest of a request that has its answer, for nothing.
    func readRest() {
        phase = .answered
        body = nil
        closeIfDone()
        readOn()
    }

    /// Throws away what still arrives.
    func readNothing() {
        phase = .closing
        body = nil
        readOn()
    }
}

extension HTTPVersion {
    /// Before HTTP/1.1: no chunks, no `Host`, nothing between head and answer.
    var isOld: Bool { self != .http1_1 }
}

extension HTTPRequest.Method {
    fileprivate init(_ method: HTTPMethod) {
        switch method {
        case .GET: self = .get
        case .POST: self = .post
        case .PUT: self = .put
        case .DELETE: self = .delete
        case .PATCH: self = .patch
        case .HEAD: self = .head
        case .OPTIONS: self = .options
        // The decoder lets tokens through and nothing else.
        default: self = HTTPRequest.Method(method.rawValue) ?? .trace
        }
    }
}
