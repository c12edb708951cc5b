import AuditTrail
import CareSyncCore
import Persistence
import Synchronization

/// An attempt being checked. Exactly one of its functions is called, in the transaction that follows from the check.
struct SignInAttempt: Sendable {
    let subject: SignInAttemptSubject
    let reservation: Instant
    let limits: SignInAttemptLimits
    /// `nil` when the address is not limited whatever happens.
    let addresses: AddressRule?
    let user: UserID?
    let origin: RequestOrigin
    /// Set where the address serves administrators only: what everybody else is told, whether the attempt is right or wrong,
    /// so that nobody tries out passwords there or learns who is an administrator.
    let restriction: GuardError?
    private let settled = Settled()

    init(
        subject: SignInAttemptSubject, reservation: Instant, limits: SignInAttemptLimits, addresses: AddressRule?,
        user: UserID?,
        origin: RequestOrigin, restriction: GuardError?
    ) {
        self.subject = subject
        self.reservation = reservation
        self.limits = limits
        self.addresses = addresses
        self.user = user
        self.origin = origin
        self.restriction = restriction
    }

    var isSettled: Bool { settled.value.withLock { $0 } }

    /// The attempt was right: earlier wrong attempts from this source are forgotten.
    func succeed(_ db: any Connection) throws {
        try settle(.right, db)
    }

    /// Counts a wrong attempt; the last one locks the source out of the account.
    func fail(_ db: any Connection) throws {
        try settle(.wrong, db)
    }

    /// The attempt was right but proves nothing yet, or was not judged: it is given back, and earlier wrong ones
    /// remain.
    func release(_ db: any Connection) throws {
        try settle(.undecided, db)
    }

    /// Throws ``GuardError/busy`` when the attempt ended by itself before it was decided.
    func settle(_ verdict: SignInAttemptRecord.Verdict, _ db: any Connection) throws {
        let attempts = SignInAttemptRepository(db: db)
        let now = db.now
        var record = try attempts.take(subject, at: now)
        let settlement = record.settle(reservation, as: verdict, at: now, limits)
        if settlement == .lapsed, verdict != .undecided { throw GuardError.busy }
        try attempts.save(record, of: subject, at: now, limits)
        if case .locked(let end) = settlement { audit(lockedUntil: end, db) }
        if verdict == .wrong { try limitAddress(at: now, db) }
        db.scope.afterCommit { [settled] in settled.value.withLock { $0 = true } }
    }

    /// Once per lock: attempts during it leave no rows.
    private func audit(lockedUntil end: Instant, _ db: any Connection) {
        db.audit(
            AuditEntry(
                .loginFailed, "users", user?.description ?? "", by: origin, outcome: .denied,
                reason: "ACCOUNT_LOCKED", before: "OPEN", after: "LOCKED UNTIL \(end)"))
    }

    private func limitAddress(at now: Instant, _ db: any Connection) throws {
        guard let addresses else { return }
        let limited = AddressLimitRepository(db: db)
        guard addresses.isBroken(by: try limited.failures(from: subject.network, at: now), at: now) else { return }
        let end = now + addresses.span
        guard try limited.insert(subject.network, from: now, until: end) else { return }
        db.audit(
            AuditEntry(
                .loginFailed, "address_limits", subject.network, by: origin, outcome: .denied, reason: "IP_BLOCKED",
                before: "OPEN", after: "BLOCKED UNTIL \(end)"))
    }

    private final class Settled: Sendable {
        let value = Mutex(false)
    }
}
