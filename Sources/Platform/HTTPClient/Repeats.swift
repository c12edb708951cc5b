import CareSyncCore

/// How often a request is sent again when its answer was a passing failure, and after which pauses.
package struct Repeats: Sendable {
    let attempts: Int
    let first: Duration
    let longest: Duration

    /// - Parameters:
    ///   - attempts: in all, the first one included.
    ///   - first: the bound of the first pause; each further bound is twice as long, `longest` at most. A pause is a
    ///     random part of its bound, so that callers that failed together do not come back together.
    package init(attempts: Int, first: Duration = .milliseconds(100), longest: Duration = .seconds(2)) {
        self.attempts = attempts
        self.first = first
        self.longest = longest
    }

    package static let never = Repeats(attempts: 1)
    package static let standard = Repeats(attempts: 4)

    /// Quotas and faults that pass by themselves.
    static func isPassing(_ status: Int) -> Bool {
        switch status {
        case 408, 429, 500, 502, 503, 504: true
        default: false
        }
    }

    /// The pause behind attempt number `attempt`; `nil` when it was the last.
    ///
    /// - Parameter asked: seconds the other side asks to wait.
    func pause(after attempt: Int, asked: Int?, random: RandomSource) -> Duration? {
        guard attempt < attempts else { return nil }
        let bound = min(longest, first * (1 << min(attempt - 1, 16)))
        let part = random.bytes(2).reduce(0) { $0 << 8 | Int($1) }
        // At least half: a pause of nothing would hit a server that is busy.
        let pause = bound / 2 + bound / 2 * part / 65_535
        return max(pause, .seconds(asked ?? 0))
    }
}
