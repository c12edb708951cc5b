import NIOCore

/// When a connection last showed activity, and how long it may stay silent.
struct ConnectionClock {
    private var lastTraffic = NIODeadline.now()
    /// When the request that is arriving began to; `nil` when none is. The first one begins with the connection.
    private var arrivalStart: NIODeadline? = .now()
    /// How much of the body that is arriving has come.
    var arrived = 0
    /// What waited to be written when last looked at, and when that had last become another number.
    private var waiting = 0
    private var lastProgress = NIODeadline.now()

    mutating func isHeard() { lastTraffic = .now() }

    mutating func arrivalBegins() {
        if arrivalStart == nil { arrivalStart = .now() }
        arrived = 0
    }

    mutating func arrivalEnds() {
        arrivalStart = nil
        arrived = 0
    }

    mutating func isWriting(_ bytes: Int, at now: NIODeadline) {
        if bytes != waiting || bytes == 0 { lastProgress = now }
        // Written bytes count as activity: the client may only begin its next request after them.
        if bytes != waiting { lastTraffic = max(lastTraffic, now) }
        waiting = bytes
    }

    /// When the connection is cut unless something happens before.
    func end(_ limits: ConnectionLimits, isAnswering: Bool, isArriving: Bool, at now: NIODeadline) -> NIODeadline {
        if waiting > 0 { return lastProgress + limits.idleTime }
        var end = (isAnswering ? now : lastTraffic) + limits.idleTime
        if isArriving, let arrivalStart {
            end = min(end, arrivalStart + limits.arrivalTime + .seconds(Int64(arrived >> 10)))
        }
        return end
    }
}
