import AuditTrail
import CareSyncCore
import Cryptography
import Persistence

/// The outcome of a code.
enum FactorVerdict: Sendable {
    case right
    case wrong
    /// Not judged: there were too many wrong ones lately.
    case exhausted
}

/// Judges codes, whatever route they come by: of an app, by mail, or one of the recovery codes. Short ones are counted
/// first.
struct FactorChecks: Sendable {
    private let sealer: Sealer
    private let hash: KeyedHash
    private let random: RandomSource
    private let codes: OneTimeCodes

    init(rootSecret: RootSecret, random: RandomSource, codes: OneTimeCodes) {
        sealer = Sealer(rootSecret.derive(.secondFactor), random: random)
        hash = KeyedHash(rootSecret.derive(.recoveryCode))
        self.random = random
        self.codes = codes
    }

    /// Whether the code proves the account, which uses it up.
    ///
    /// A recovery code is checked even when the account has no attempt left: 80 bits cannot be guessed, and otherwise
    /// somebody who knows the password could keep the owner out. Wrong ones still count for their source.
    func judge(
        _ code: String, for factor: SecondFactor, by origin: RequestOrigin, db: any Connection
    ) throws -> FactorVerdict {
        let factors = SecondFactorRepository(db: db)
        let (user, now) = (factor.userID, db.now)
        let code = Self.normalized(code)
        let isRecoveryCode = Self.isRecoveryCode(code)
        if isRecoveryCode, try usesUpRecoveryCode(code, of: user, by: origin, db: db) { return .right }
        guard try factors.countAttempt(user, at: now) else { return isRecoveryCode ? .wrong : .exhausted }
        guard try usesUp(code, of: factor, db: db) else { return .wrong }
        try factors.forgetAttempts(user)
        return .right
    }

    private func usesUpRecoveryCode(
        _ code: String, of user: UserID, by origin: RequestOrigin, db: any Connection
    ) throws -> Bool {
        let now = db.now
        guard try SecondFactorRepository(db: db).useRecoveryCode(hash(of: code, user), of: user, at: now) else {
            return false
        }
        db.audit(AuditEntry(.accountChange, "users", user.description, by: origin, reason: "RECOVERY_CODE_USED"))
        return true
    }

    private func usesUp(_ code: String, of factor: SecondFactor, db: any Connection) throws -> Bool {
        switch factor.method {
        case .totp:
            let step = try self.step(
                of: code, factor.sealedSecret, factor.userID, after: factor.lastStep,
                at: db.now)
            return try step.map { try SecondFactorRepository(db: db).useStep($0, of: factor.userID) } ?? false
        case .email: return try usesUpMailed(code, of: factor.userID, db: db)
        }
    }

    /// Whether it is the last mailed code, which is used up.
    func usesUpMailed(_ code: String, of user: UserID, db: any Connection) throws -> Bool {
        guard let account = try AccountRepository(db: db).find(user), let email = EmailAddress(account.email),
            case .right(let id, _) = try codes.check(code, .secondFactor, of: email, db: db)
        else { return false }
        return try codes.use(id, db: db)
    }

    /// Puts the mail with a code into the outbox, unless one went out a moment ago.
    func mailCode(to account: Account, from client: String, db: any Connection) throws -> CodeIssue {
        guard let email = EmailAddress(account.email) else { throw SecondFactorError.noFactor }
        return try codes.issue(.secondFactor, to: email, from: client, db: db)
    }

    /// The step a code of the app stands for, if it may still be used.
    func step(
        of code: String, _ sealedSecret: [UInt8]?, _ user: UserID, after lastStep: Int64, at now: Instant
    ) throws -> Int64? {
        guard let sealedSecret else { return nil }
        let secret = SecretBytes(try sealer.open(sealedSecret, for: Self.context(user)))
        return try TimeCodes(secret).step(of: code, at: now, after: lastStep)
    }

    func newSecret() -> SecretBytes { .random(TimeCodes.secretBytes, from: random) }

    func seal(_ secret: SecretBytes, of user: UserID) throws -> [UInt8] {
        try sealer.seal(secret.bytes, for: Self.context(user))
    }

    /// Ten codes of 80 bits, each good for one sign-in; only their hashes are kept.
    func newRecoveryCodes(of user: UserID, db: any Connection) throws -> [String] {
        let codes = (0..<10).map { _ in Base32.text(random.bytes(10)) }
        try SecondFactorRepository(db: db).replaceRecoveryCodes(
            of: user, by: codes.map { hash(of: $0, user) }, at: db.now)
        return codes.map(Self.grouped)
    }

    private func hash(of code: String, _ user: UserID) -> [UInt8] {
        hash.code(forParts: [Array(user.description.utf8), Array(code.utf8)])
    }

    /// People type codes in groups and in lower case.
    static func normalized(_ code: String) -> String {
        String(String.UnicodeScalarView(code.unicodeScalars.filter { !"- \t".unicodeScalars.contains($0) }))
            .uppercased()
    }

    private static func isRecoveryCode(_ code: String) -> Bool {
        code.utf8.count == recoveryCodeLength
            && code.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x32...0x37).contains($0) }
    }

    /// 80 bits in Base32.
    private static let recoveryCodeLength = 16

    private static func grouped(_ code: String) -> String {
        stride(from: 0, to: code.count, by: 4).map { String(code.dropFirst($0).prefix(4)) }.joined(separator: "-")
    }

    private static func context(_ user: UserID) -> [UInt8] {
        LengthPrefixed.join([Array("second_factors.secret".utf8), Array(user.description.utf8)])
    }
}
