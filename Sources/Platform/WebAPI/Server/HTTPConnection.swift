import CareSyncCore
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1

/// One connection of a client: takes requests one after the other, has each answered by a task on this event loop, and
/// writes the answers in the order of the requests.
final class HTTPConnection: ChannelDuplexHandler, @unchecked Sendable {
    // Safe: touched only on the event loop of the channel, where the tasks of its requests run as well.
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// Between requests.
        case idle
        /// The head of a request is here, and perhaps some of its body.
        case arriving
        /// A task makes the answer.
        case answering
        /// The answer is written; a short rest of the request is still to come.
        case answered
        /// The last answer is written; what arrives is thrown away.
        case closing
    }

    /// What has been read and waits for the request in front of it.
    private enum Arrival {
        case part(HTTPServerRequestPart)
        case failure(HTTPParserError)
    }

    let responder: APIResponder
    private let tasks: EventLoopTasks
    private let idleTime: TimeAmount
    private let logger: Logger
    /// Succeeds when the channel is closed and no task runs.
    let finished: EventLoopPromise<Void>

    private(set) var context: ChannelHandlerContext?
    private var peer: String?
    private var arrivals = CircularBuffer<Arrival>(initialCapacity: 8)
    private var isPumping = false
    var phase = Phase.idle
    private var task: Task<Void, Never>?
    private var isTaskRunning = false
    private var isFinished = false

    // The request in front.
    private(set) var head: HTTPRequestHead?
    private var gathered: ByteBuffer?
    private(set) var body: ArrivingBody?
    /// Between its first and its last part.
    private(set) var isReading = false
    /// How much of its body is still to come; `nil` when nobody said.
    private(set) var announced: Int?
    private var wasted = 0

    private(set) var hasFailed = false
    private(set) var inputHasEnded = false
    var outputHasEnded = false
    private(set) var isStopping = false
    /// A `read` was held back.
    private var isReadDue = false
    private var lastTraffic = NIODeadline.now()
    private var timer: Scheduled<Void>?
    /// Whoever waits until more can be written.
    var writers: [UnsafeContinuation<Void, Never>] = []

    init(responder: APIResponder, loop: any EventLoop, idleTime: TimeAmount, logger: Logger) {
        self.responder = responder
        self.idleTime = idleTime
        self.logger = logger
        tasks = EventLoopTasks(loop: loop)
        finished = loop.makePromise()
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        watch(in: idleTime)
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) { end() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        arrivals.append(.part(unwrapInboundIn(data)))
        pump()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        lastTraffic = .now()
        startIfArriving()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let failure = error as? HTTPParserError else { return context.close(promise: nil) }
        // Whatever arrives after the first failure fails again, and is of no interest.
        guard !hasFailed else { return }
        hasFailed = true
        arrivals.append(.failure(failure))
        pump()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            inputHasEnded = true
            body?.finish(.failure(ChannelError.inputClosed))
            closeIfDone()
        case is ChannelShouldQuiesceEvent:
            isStopping = true
            closeIfDone()
        default: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        resumeWriters()
        goOn()
    }

    /// Reads no further while requests wait, be it for a client that does not take its answers, nor more of a body than
    /// was asked for or is thrown away.
    func read(context: ChannelHandlerContext) {
        if isBusy { isReadDue = true } else { context.read() }
    }

    /// Ends what is in hand, because the server does not wait for it any longer.
    func cancel() {
        isStopping = true
        task?.cancel()
        body?.finish(.failure(CancellationError()))
        closeIfDone()
    }

    /// For a connection that never came to be.
    func abandon() { finishIfOver() }

    private func end() {
        guard context != nil else { return }
        context = nil
        timer?.cancel()
        timer = nil
        arrivals.removeAll()
        body?.finish(.failure(ChannelError.alreadyClosed))
        resumeWriters()
        finishIfOver()
    }

    private func finishIfOver() {
        guard context == nil, !isTaskRunning, !isFinished else { return }
        isFinished = true
        finished.succeed()
    }

    /// Closes unless a request is in hand, or one is being read that has not been answered.
    private func closeIfDone() {
        switch phase {
        case .idle where arrivals.isEmpty && (inputHasEnded || isStopping), .answered where inputHasEnded || isStopping:
            context?.close(promise: nil)
        case .closing where outputHasEnded: context?.close(promise: nil)
        default: break
        }
    }

    // MARK: Requests

    /// The server stops, and no other request waits for its answer.
    var isStoppingIdle: Bool { isStopping && arrivals.isEmpty }

    private var isBusy: Bool {
        !arrivals.isEmpty || body?.isHungry == false || phase == .closing && wasted > Self.rest
    }

    private func readOn() {
        guard isReadDue, !isBusy else { return }
        isReadDue = false
        context?.read()
    }

    /// Takes what has been read as far as the request in front allows. Never inside itself, however many requests came
    /// together.
    private func pump() {
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
        // Whoever expects to be asked for the body may send something else instead.
        let mayHoldBack = head.headers.contains(name: "Expect")
        announced = mayHoldBack ? nil : head.headers.first(name: "Content-Length").flatMap { Int($0) }
        let hosts = RequestHeaders(head.headers).hostCount
        if hosts > 1 || (hosts == 0 && !head.version.isOld) { refuse(.malformedHTTP, head) }
    }

    private func take(_ bytes: ByteBuffer) {
        announced = announced.map { $0 - bytes.readableBytes }
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
    private func startIfArriving() {
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
    private func goOn() {
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

    // MARK: Time

    private func watch(in time: TimeAmount) {
        timer = context?.eventLoop.scheduleTask(in: time) { self.checkTraffic() }
    }

    /// While a whole request is being answered, silence is no reason to close.
    private func checkTraffic() {
        let silence = NIODeadline.now() - lastTraffic
        if phase == .answering, !isReading {
            watch(in: idleTime)
        } else if silence >= idleTime {
            context?.close(promise: nil)
        } else {
            watch(in: idleTime - silence)
        }
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
