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
    enum Arrival {
        case part(HTTPServerRequestPart)
        case failure(HTTPParserError)
    }

    let responder: APIResponder
    let tasks: EventLoopTasks
    private let limits: ConnectionLimits
    let logger: Logger
    /// Succeeds when the channel is closed and no task runs.
    let finished: EventLoopPromise<Void>

    private(set) var context: ChannelHandlerContext?
    var peer: String?
    var arrivals = CircularBuffer<Arrival>(initialCapacity: 8)
    var isPumping = false
    var phase = Phase.idle
    var task: Task<Void, Never>?
    var isTaskRunning = false
    private var isFinished = false

    // The request in front.
    var head: HTTPRequestHead?
    var gathered: ByteBuffer?
    var body: ArrivingBody?
    /// Between its first and its last part.
    var isReading = false
    /// How much of its body is still to come; `nil` when nobody said.
    var announced: Int?
    var wasted = 0

    private(set) var hasFailed = false
    private(set) var inputHasEnded = false
    var outputHasEnded = false
    private(set) var isStopping = false
    /// A `read` was held back.
    var isReadDue = false
    var lastTraffic = NIODeadline.now()
    /// When the request that is arriving began to; `nil` when none is.
    var arrivalStart: NIODeadline?
    /// Whether the present reading has given anything.
    private var hasRead = false
    /// How much of the body that is arriving has come.
    var arrived = 0
    private var timer: Scheduled<Void>?
    /// Whoever waits until more can be written.
    var writers: [UnsafeContinuation<Void, Never>] = []

    init(responder: APIResponder, loop: any EventLoop, limits: ConnectionLimits, logger: Logger) {
        self.responder = responder
        self.limits = limits
        self.logger = logger
        tasks = EventLoopTasks(loop: loop)
        finished = loop.makePromise()
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        watch(in: limits.arrivalTime)
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) { end() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasRead = true
        arrivals.append(.part(unwrapInboundIn(data)))
        pump()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        lastTraffic = .now()
        // What was read and gave nothing is the beginning of a head.
        if !hasRead, phase == .idle, arrivalStart == nil { arrivalStart = lastTraffic }
        hasRead = false
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

    func finishIfOver() {
        guard context == nil, !isTaskRunning, !isFinished else { return }
        isFinished = true
        finished.succeed()
    }

    /// Closes unless a request is in hand, or one is being read that has not been answered.
    func closeIfDone() {
        switch phase {
        case .idle where arrivals.isEmpty && (inputHasEnded || isStopping), .answered where inputHasEnded || isStopping:
            context?.close(promise: nil)
        case .closing where outputHasEnded: context?.close(promise: nil)
        default: break
        }
    }

    // MARK: Time

    private func watch(in time: TimeAmount) {
        timer = context?.eventLoop.scheduleTask(in: time) { self.checkTraffic() }
    }

    /// While a whole request is being answered, silence is no reason to close; while we do not read, being slow is none.
    private func checkTraffic() {
        let now = NIODeadline.now()
        var end = (phase == .answering && !isReading ? now : lastTraffic) + limits.idleTime
        if let arrivalStart, !isBusy {
            end = min(end, arrivalStart + limits.arrivalTime + .seconds(Int64(arrived >> 10)))
        }
        guard end > now else {
            context?.close(promise: nil)
            return
        }
        // A request may begin in the meantime.
        watch(in: min(end - now, limits.arrivalTime))
    }
}
