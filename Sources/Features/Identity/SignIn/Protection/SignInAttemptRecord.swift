import CareSyncCore

/// How many wrong attempts at a password or a code there may be, and what follows.
struct SignInAttemptLimits: Sendable, Equatable {
    /// Wrong attempts within the window that lock.
    var failures = 5
    var window = TimeSpan.minutes(15)
    /// The first lock. Each further one is twice as long as the one before, up to the longest.
    var firstLock = TimeSpan.minutes(15)
    var longestLock = TimeSpan.hours(4)
    /// How long after its end a lock still lengthens the next one.
    var memory = TimeSpan.hours(24)
    /// How long an attempt may take. Longer than the queue of password checks can take; it bounds how long the attempts
    /// of a dead process are missing.
    var reservation = TimeSpan.minutes(3)

    func lock(_ number: Int) -> TimeSpan {
        let doublings = max(0, min(number - 1, 20))
        return min(TimeSpan(microseconds: firstLock.microseconds << doublings), longestLock)
    }
}

/// The attempts at one account from one source: wrong ones, those being checked, and the lock they led to.
struct SignInAttemptRecord: Equatable, Sendable {
    /// When the wrong attempts of the window were, oldest first.
    private(set) var failures: [Instant] = []
    /// When each attempt being checked expires; no two at the same microsecond, so the moment also identifies it.
    private(set) var reservations: [Instant] = []
    private(set) var locks = 0
    private(set) var lockedUntil: Instant?

    enum Admission: Equatable {
        case granted(Instant)
        case locked(until: Instant)
        /// All remaining attempts are being checked.
        case exhausted
    }

    /// What became of an attempt.
    enum Verdict { case right, wrong, undecided }

    enum Settlement: Equatable {
        case counted
        case locked(until: Instant)
        /// The attempt had expired, so another may have taken its place: its outcome must not be used.
        case lapsed
    }

    init() {}

    init(failures: String, reservations: String, locks: Int, lockedUntil: Instant?) {
        self.failures = Self.instants(failures)
        self.reservations = Self.instants(reservations)
        self.locks = locks
        self.lockedUntil = lockedUntil
    }

    /// Takes one of the remaining attempts, before it is known whether it is right.
    mutating func reserve(at now: Instant, _ limits: SignInAttemptLimits) -> Admission {
        if let lockedUntil, now < lockedUntil { return .locked(until: lockedUntil) }
        prune(at: now, limits)
        guard failures.count + reservations.count < limits.failures else { return .exhausted }
        var end = now + limits.reservation
        while reservations.contains(end) { end = end + TimeSpan(microseconds: 1) }
        reservations.append(end)
        return .granted(end)
    }

    mutating func settle(
        _ reservation: Instant, as verdict: Verdict, at now: Instant, _ limits: SignInAttemptLimits
    ) -> Settlement {
        prune(at: now, limits)
        guard let index = reservations.firstIndex(of: reservation) else { return .lapsed }
        reservations.remove(at: index)
        switch verdict {
        case .undecided: return .counted
        case .right:
            failures = []
            (locks, lockedUntil) = (0, nil)
            return .counted
        case .wrong:
            failures.append(now)
            guard failures.count >= limits.failures else { return .counted }
            let isRepeated = lockedUntil.map { now < $0 + limits.memory } ?? false
            locks = isRepeated ? locks + 1 : 1
            let end = now + limits.lock(locks)
            lockedUntil = end
            return .locked(until: end)
        }
    }

    /// When there will be nothing left to remember; `nil` if that is now.
    func expiry(_ limits: SignInAttemptLimits) -> Instant? {
        let ends = [
            failures.last.map { $0 + limits.window }, reservations.max(), lockedUntil.map { $0 + limits.memory },
        ]
        return ends.compactMap(\.self).max()
    }

    var failureText: String { Self.text(failures) }
    var reservationText: String { Self.text(reservations) }

    private mutating func prune(at now: Instant, _ limits: SignInAttemptLimits) {
        failures.removeAll { $0 + limits.window <= now }
        reservations.removeAll { $0 <= now }
    }

    private static func text(_ instants: [Instant]) -> String {
        instants.map { String($0.microseconds) }.joined(separator: " ")
    }

    static func instants(_ text: String) -> [Instant] {
        text.split(separator: " ").compactMap { Int64($0).map(Instant.init(microseconds:)) }
    }
}

/// Whose attempts are counted together.
struct SignInAttemptSubject: Sendable, Hashable {
    /// A keyed hash of the user name, so that unknown names, which may be mistyped passwords, are not stored in clear
    /// and are treated like those of accounts.
    let account: String
    /// The network the attempts come from, or a device of the account's own on it.
    let source: String
    let network: String
}
