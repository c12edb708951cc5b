import CareSyncCore
import Cryptography
import Mail
import Persistence

/// Six digits sent by mail: the newest only, for ten minutes, five attempts (rules/passwords-and-codes 3).
///
/// A row holds a random seed, and the digits are derived from it under a key that is not in the database. So the worker can
/// make them when the mail leaves, and neither the table nor the outbox reveals them without the root secret.
///
/// Nothing here asks whether an account exists: an unknown address takes the same statements, and the worker drops the
/// mail.
struct OneTimeCodes: Sendable {
    let limits: CodeLimits
    private let hash: KeyedHash

    private static let seedCount = 16

    init(rootSecret: RootSecret, limits: CodeLimits = CodeLimits()) {
        hash = KeyedHash(rootSecret.derive(.oneTimeCode))
        self.limits = limits
    }

    /// Makes a code for an address and puts its mail into the outbox; earlier codes of the purpose no longer count.
    ///
    /// - Parameter client: the address that asks; its network is what is counted.
    func issue(
        _ purpose: CodePurpose, to email: EmailAddress, from client: String, db: any Connection
    ) throws -> CodeIssue {
        let now = db.now
        let codes = OneTimeCodeRepository(db: db)
        let names = (
            client: "client/\(IPAddress.network(of: client))", email: "\(purpose.rawValue)/\(email.key)"
        )
        // Clients first: somebody who asks too much uses up only their own quota. A caller who has given a password is
        // not counted: a clinic's staff signs in from one address.
        if purpose != .secondFactor, !isExempt(client),
            try !codes.take(names.client, limit: limits.perClient, coolDown: .seconds(0), at: now)
        {
            let wait = try codes.wait(names.client, limit: limits.perClient, coolDown: .seconds(0), at: now)
            return .refused(retryAfter: wait)
        }
        guard try codes.take(names.email, limit: limits.perEmail, coolDown: limits.coolDown, at: now) else {
            let wait = try codes.wait(names.email, limit: limits.perEmail, coolDown: limits.coolDown, at: now)
            return .refused(retryAfter: wait)
        }
        let expiry = now + (purpose == .resetLink ? limits.linkLifetime : limits.lifetime)
        let seed = db.scope.services.random.bytes(Self.seedCount)
        let tokenHash = purpose == .resetLink ? Digest.sha256(Array(token(seed: seed).utf8)) : nil
        let id = try codes.insert(purpose, email, seed: seed, tokenHash: tokenHash, at: now, expiresAt: expiry)
        try db.enqueue(MailOrder(purpose.mailName, about: OneTimeCode.subject(id)))
        return .issued(id, expiresAt: expiry)
    }

    private func isExempt(_ client: String) -> Bool {
        limits.exemptsLoopback && IPAddress(client)?.isLoopback == true
    }

    /// What a correct attempt leaves on the code.
    enum Mark: Sendable, Equatable {
        case nothing
        /// That it was verified, with the hash of a token that proves it again.
        case verified(tokenHash: [UInt8]?)
    }

    /// Compares an attempt with the newest code. A wrong attempt counts, so the transaction must commit whatever the verdict:
    /// throw afterwards.
    func check(
        _ attempt: String, _ purpose: CodePurpose, of email: EmailAddress, marking mark: Mark = .nothing,
        db: any Connection
    ) throws -> CodeVerdict {
        let now = db.now
        let codes = OneTimeCodeRepository(db: db)
        guard let code = try codes.countAttempt(purpose, email.key, limit: limits.attempts, at: now) else {
            return .wrong
        }
        guard constantTimeEquals(Array(attempt.utf8), Array(digits(of: code).utf8)) else { return .wrong }
        try codes.noteRight(code.id, mark, at: now)
        return .right(code.id, wasVerified: code.verifiedAt != nil)
    }

    /// Whether the code had not been used before. From now on it proves nothing.
    func use(_ id: OneTimeCodeID, db: any Connection) throws -> Bool {
        try OneTimeCodeRepository(db: db).use(id, at: db.now)
    }

    /// Codes and links mailed before a new password was set are void.
    static func withdrawResets(of account: Account, db: any Connection) throws {
        guard let email = EmailAddress(account.email) else { return }
        try OneTimeCodeRepository(db: db).withdrawResets(of: email.key, at: db.now)
    }

    /// The token of a link: 256 bits, made from the seed of its row.
    func token(seed: [UInt8]) -> String {
        Hex.text(hash.code(forParts: [Array(CodePurpose.resetLink.rawValue.utf8), seed]))
    }

    /// The six digits of a row.
    func digits(of code: OneTimeCode) -> String {
        let bytes = hash.code(forParts: [
            Array(code.purpose.rawValue.utf8), Array("\(code.id)".utf8), code.seed,
        ])
        // Taken from 64 bits, so the bias between codes is below 1 in 10^13.
        let number = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 1_000_000
        return String(String(number + 1_000_000).dropFirst())
    }
}
