/// How the stand-in misbehaves when it is told to. Also the body of `POST /stand-in/behaviour`, where what is absent stays
/// as it is.
package struct StandInBehaviour: Codable, Sendable, Equatable {
    /// What a call of the API gets.
    package enum Calls: String, Codable, Sendable, CaseIterable {
        case normal
        /// Nothing, and the connection stays.
        case hang
        /// The end of the connection.
        case reset
        /// A head, and a body that does not end in time.
        case slow
        /// 200 with a page.
        case html
        /// 502 with a page.
        case badGateway
        /// 500 with an error body of the vendor's.
        case serverError
        /// 429 with an error body of the vendor's.
        case tooMany
    }

    /// What becomes of events.
    package enum Events: String, Codable, Sendable, CaseIterable {
        case normal
        case lose
        case duplicate
        case reorder
    }

    package var calls: Calls
    /// How many calls; `nil` for all, until told otherwise.
    package var times: Int?
    /// Whether a call takes effect before its answer is lost.
    package var takesEffect: Bool
    package var events: Events
    /// Seconds by which an event is late.
    package var eventDelay: Double
    /// Whether authorised payments of orders that ask for it are captured without a call.
    package var capturesItself: Bool
    package var refunds: StandInRefundOutcome

    package init(
        calls: Calls = .normal, times: Int? = nil, takesEffect: Bool = false, events: Events = .normal,
        eventDelay: Double = 0, capturesItself: Bool = true, refunds: StandInRefundOutcome = .processed
    ) {
        self.calls = calls
        self.times = times
        self.takesEffect = takesEffect
        self.events = events
        self.eventDelay = eventDelay
        self.capturesItself = capturesItself
        self.refunds = refunds
    }

    /// What the next call gets, and whether it takes effect.
    mutating func next() -> (calls: Calls, takesEffect: Bool) {
        let next = (calls, calls == .normal || takesEffect)
        if let left = times, calls != .normal {
            times = left > 1 ? left - 1 : nil
            if left <= 1 { calls = .normal }
        }
        return next
    }
}

/// A change of the behaviour, as JSON.
struct BehaviourChange: Decodable {
    let calls: StandInBehaviour.Calls?
    let times: Int?
    let takesEffect: Bool?
    let events: StandInBehaviour.Events?
    let eventDelay: Double?
    let capturesItself: Bool?
    let refunds: StandInRefundOutcome?

    func apply(to behaviour: inout StandInBehaviour) {
        if let calls {
            behaviour.calls = calls
            behaviour.times = times
        }
        if let takesEffect { behaviour.takesEffect = takesEffect }
        if let events { behaviour.events = events }
        if let eventDelay { behaviour.eventDelay = min(max(eventDelay, 0), 3_600) }
        if let capturesItself { behaviour.capturesItself = capturesItself }
        if let refunds { behaviour.refunds = refunds }
    }
}
