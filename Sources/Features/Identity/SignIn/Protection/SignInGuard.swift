import CareSyncCore
import Concurrency
import Cryptography
import Persistence
import WebAPI

enum GuardError: FailureCatalogue {
    case accountLocked(seconds: Int)
    case addressBlocked(seconds: Int)
    /// By an administrator, on every path.
    case addressClosed
    case busy

    static let catalogue = [GuardError.accountLocked(seconds: 1), .addressBlocked(seconds: 1), .addressClosed, .busy]

    var problem: Problem {
        switch self {
        case .accountLocked(let seconds):
            Problem(
                .tooManyRequests, "ACCOUNT_LOCKED", "Too many wrong attempts. Try again later.", retryAfter: seconds)
        case .addressBlocked(let seconds):
            Problem(
                .forbidden, "IP_BLOCKED", "Too many failed sign-ins from this address. Try again later.",
                retryAfter: seconds)
        case .addressClosed: .addressBlocked
        case .busy:
            Problem(
                .tooManyRequests, "RATE_LIMITED", "Too many sign-ins to this account at once. Try again.",
                retryAfter: 1)
        }
    }
}

/// Bounds the attempts at an account's passwords and codes (rules/sign-in-protection 1): 5 wrong ones in 15 minutes
/// from one source lock that source out of that account, and nobody else.
///
/// The database counts, for all nodes. An attempt is taken from those that are left *before* it is checked, so parallel
/// ones do not slip past; it is given back, or counted, in the transaction that its outcome leads to.
struct SignInGuard: Sendable {
    let database: any Database
    let limits: SignInAttemptLimits
    let addresses: AddressRule
    let gate: AddressGate
    /// Whether the machine itself is never limited as an address (rules/sign-in-protection 6).
    let exemptsLoopback: Bool
    private let names: KeyedHash
    /// Otherwise many right sign-ins at once would find all attempts taken and be refused.
    private let turns: KeyedGate<SignInAttemptSubject>
    /// How long, and how often, an attempt waits for attempts of other nodes.
    private let patience: (pause: Duration, tries: Int) = (.milliseconds(100), 100)

    init(
        database: any Database, rootSecret: RootSecret, gate: AddressGate, exemptsLoopback: Bool,
        limits: SignInAttemptLimits = SignInAttemptLimits(), addresses: AddressRule = AddressRule()
    ) {
        self.database = database
        self.limits = limits
        self.addresses = addresses
        self.gate = gate
        self.exemptsLoopback = exemptsLoopback
        names = KeyedHash(rootSecret.derive(.signInName))
        turns = KeyedGate(width: limits.failures, queueLimit: 256)
    }

    private var now: Instant { database.services.time.now }

    /// Runs `body`, which checks one password or code of the named account and settles the attempt in the transaction
    /// that follows (``SignInAttempt``). An attempt that is not settled is given back.
    ///
    /// Throws ``GuardError`` without running it when there is no attempt left. An unknown user name is treated alike.
    ///
    /// - Parameter role: of the account, when it is known whose it is. Otherwise `body` heeds ``SignInAttempt/restriction``.
    func attempt<Value: Sendable>(
        at username: String, of role: Role?, from origin: SignInOrigin, _ body: (SignInAttempt) async throws -> Value
    ) async throws -> Value {
        let (subject, user, restriction) = try await admit(username, from: origin)
        if let restriction, let role, role != .admin { throw restriction }
        guard await turns.enter(subject) else { throw GuardError.busy }
        defer { turns.leave(subject) }
        let reservation = try await reserve(subject)
        let attempt = SignInAttempt(
            subject: subject, reservation: reservation, limits: limits,
            addresses: isLimitable(subject) ? addresses : nil,
            user: user, origin: origin.request, restriction: restriction)
        do {
            let value = try await body(attempt)
            try await giveBack(attempt)
            return value
        } catch {
            try? await giveBack(attempt)  // The first error is the one to report; the attempt expires by itself.
            throw error
        }
    }

    /// Forgets the wrong attempts at an account and ends its locks, wherever they came from.
    func clear(_ username: String, db: any Connection) throws {
        try SignInAttemptRepository(db: db).delete(account: accountKey(username))
    }

    func purge() async throws {
        let now = now
        try await database.write { db in try SignInAttemptRepository(db: db).delete(expiredBy: now) }
    }

    /// Known devices are not limited for what others on their network do.
    private func isLimitable(_ subject: SignInAttemptSubject) -> Bool {
        subject.source == subject.network
            && !(exemptsLoopback && IPAddress(subject.network)?.isLoopback == true)
    }

    private func accountKey(_ username: String) -> String {
        Hex.text(names.code(for: Array(UsernameRules.key(username).utf8)))
    }

    /// Whose attempt it is; refuses locked sources at once, without leaving a trace.
    private func admit(
        _ username: String, from origin: SignInOrigin
    ) async throws -> (subject: SignInAttemptSubject, user: UserID?, restriction: GuardError?) {
        let now = now
        let account = accountKey(username)
        let network = IPAddress.network(of: origin.request.address)
        return try await database.read { db in
            let attempts = SignInAttemptRepository(db: db)
            let known = try attempts.signIns(named: username, userAgent: origin.userAgent, at: now)
            let isKnown = known.addresses.contains { IPAddress.network(of: $0) == network }
            let subject = SignInAttemptSubject(
                account: account, source: isKnown ? origin.device(on: network) : network, network: network)
            let restriction = try restriction(of: subject, on: origin.request.address, at: now, db)
            if let restriction, !gate.servesAdministrators(origin.request.address) { throw restriction }
            if var record = try attempts.find(subject), case .locked(let end) = record.reserve(at: now, limits) {
                throw GuardError.accountLocked(seconds: Self.seconds(from: now, to: end))
            }
            return (subject, known.user, restriction)
        }
    }

    /// What everybody except administrators is told at a blocked or limited address.
    private func restriction(
        of subject: SignInAttemptSubject, on address: String, at now: Instant, _ db: any Connection
    ) throws -> GuardError? {
        if gate.blocks.isBlocked(address, at: now) { return .addressClosed }
        guard isLimitable(subject), let end = try AddressLimitRepository(db: db).expiry(of: subject.network, at: now)
        else { return nil }
        return .addressBlocked(seconds: Self.seconds(from: now, to: end))
    }

    private func reserve(_ subject: SignInAttemptSubject) async throws -> Instant {
        for _ in 0..<patience.tries {
            let now = now
            let admission = try await database.write { [limits] db in
                let attempts = SignInAttemptRepository(db: db)
                var record = try attempts.take(subject, at: now)
                let admission = record.reserve(at: now, limits)
                try attempts.save(record, of: subject, at: now, limits)
                return admission
            }
            switch admission {
            case .granted(let reservation): return reservation
            case .locked(let end): throw GuardError.accountLocked(seconds: Self.seconds(from: now, to: end))
            case .exhausted:
                if await !turns.stepAside(subject) { try await Task.sleep(for: patience.pause) }
            }
        }
        throw GuardError.busy
    }

    private func giveBack(_ attempt: SignInAttempt) async throws {
        guard !attempt.isSettled else { return }
        try await database.write { db in try attempt.settle(.undecided, db) }
    }

    static func seconds(from now: Instant, to end: Instant) -> Int {
        Int(max(1, ((end - now).microseconds + 999_999) / 1_000_000))
    }
}

extension SignInOrigin {
    /// Names a device of the account's own (decision 0011): its user agent at an earlier sign-in on this network.
    func device(on network: String) -> String {
        "\(network) \(Hex.text(Digest.sha256(Array((userAgent ?? "").utf8)).prefix(16)))"
    }
}
