import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1

/// What NIO's handlers lack: has each request answered by a task on this event loop, as soon as its head is here; bounds
/// how long a request may arrive and an answer may wait; and ends a connection whose next request could not be found.
///
/// ``NIOHTTP1/HTTPServerPipelineHandler`` in front of it keeps requests and answers in order: a request comes here once
/// the one before it has been answered.
final class RequestHandler: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
    // Safe: touched only on the event loop of the channel, where the tasks of its requests run as well.
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPServerResponsePart

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
        /// Another protocol has the connection.
        case upgraded
    }

    let responder: any RequestResponder
    let limits: ConnectionLimits
    let budget: BodyBudget
    let tasks: EventLoopTasks
    let table: ConnectionTable
    let logger: Logger
    /// Succeeds when the channel is closed and no task runs.
    let finished: EventLoopPromise<Void>
    var protocolHandlers: ProtocolHandlers?

    var context: ChannelHandlerContext?
    var entry: ConnectionTable.Entry?
    var peer = ""
    var phase = Phase.idle
    var task: Task<Void, Never>?
    var isTaskRunning = false
    /// From the beginning of the connection to its end, also under another protocol.
    var isOpen = false
    var isFinished = false
    /// Inside ``pump()``, or where its work is done.
    var isPumping = false

    // The request in front.
    var head: HTTPRequestHead?
    var gathered: ByteBuffer?
    var body: ArrivingBody?
    var refusal: RequestRefusal?
    /// Between its first and its last part.
    var isReading = false
    /// Whether it is answered without waiting for more of it.
    var isDue = false
    /// How much of its body is still to come; `nil` when nobody said.
    var announced: Int?
    var wasted = 0
    /// Whether the client waits to be asked for its body.
    var isWaitingToSend = false

    var hasFailed = false
    /// Whether nothing more is coming, or nothing that is needed.
    var inputHasEnded = false
    var outputHasEnded = false
    /// Whether nothing behind the request can be understood: it asked for another protocol, and NIO's decoder has stopped.
    var isDeaf = false
    /// A `read` was held back.
    var isReadDue = false
    /// Whether the present reading has given anything.
    var hasRead = false
    var clock = ConnectionClock()
    var timer: Scheduled<Void>?
    /// Whoever waits until more can be written.
    var writers: [CheckedContinuation<Void, Never>] = []

    init(
        responder: any RequestResponder, loop: any EventLoop, limits: ConnectionLimits, budget: BodyBudget,
        table: ConnectionTable, logger: Logger
    ) {
        self.responder = responder
        self.limits = limits
        self.budget = budget
        self.table = table
        self.logger = logger
        tasks = EventLoopTasks(loop: loop)
        finished = loop.makePromise()
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isOpen = true
        if context.channel.isActive { channelActive(context: context) }
        watch(in: min(limits.arrivalTime, limits.idleTime))
    }

    func channelActive(context: ChannelHandlerContext) {
        if entry == nil {
            peer = context.remoteAddress?.ipAddress ?? ""
            let loop = context.eventLoop
            entry = table.add(from: peer) { [self] in loop.execute { self.makeRoom() } }
        }
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        guard phase == .upgraded else { return end() }
        self.context = nil
        if isReadDue { context.read() }
        context.channel.closeFuture.whenComplete { [self] _ in end() }
    }

    func channelInactive(context: ChannelHandlerContext) { end() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasRead = true
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head)
        case .body(let bytes): take(bytes)
        case .end: finishReading()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        clock.isHeard()
        // What was read and gave nothing is the beginning of a head.
        if !hasRead, phase == .idle { clock.arrivalBegins() }
        hasRead = false
        if phase == .arriving {
            isDue = true
            pump()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let failure = error as? HTTPParserError else { return context.close(promise: nil) }
        // Anything after the first failure fails again and is ignored.
        guard !hasFailed else { return }
        hasFailed = true
        switch phase {
        case .idle: refuse(failure == .headerOverflow ? .headersTooLarge : .malformed)
        case .arriving:
            refusal = .malformed
            isDue = true
            pump()
        case .answering: body?.finish(.failure(failure))
        case .answered: context.close(promise: nil)
        case .closing: closeIfDone()
        case .upgraded: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return }
        inputHasEnded = true
        body?.finish(.failure(ChannelError.inputClosed))
        // Who has gone cannot be told from who only sends no more. So nothing is broken off that runs, and its answer is
        // written; but what still waits for its turn leaves the queue.
        task?.cancel()
        closeIfDone()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        let waiting = writers
        writers = []
        for writer in waiting { writer.resume() }
        pump()
    }

    /// Reads no further while a request waits for a slow client, nor more of a body than was asked for or is discarded.
    func read(context: ChannelHandlerContext) {
        if isBusy { isReadDue = true } else { context.read() }
    }

    var isBusy: Bool {
        switch phase {
        case .arriving: isDue
        case .answering: body?.isHungry == false
        case .closing: isDeaf || wasted > Self.rest
        case .idle, .answered, .upgraded: false
        }
    }

    func readOn() {
        guard isReadDue, !isBusy else { return }
        isReadDue = false
        context?.read()
    }
}

extension HTTPVersion {
    /// Before HTTP/1.1: no chunks, no `Host`, nothing between head and answer.
    var isOld: Bool { self != .http1_1 }
}
