package import CareSyncCore
import Concurrency
import Foundation

/// The outcome of a password check.
package enum PasswordVerification: Sendable, Equatable {
    case wrong
    /// `needsUpgrade`: the stored hash is imported or cheaper than configured; hash the password again.
    case right(needsUpgrade: Bool)
}

/// Hashes and verifies passwords with bcrypt, on a bounded pool of threads of its own. Who waits for a thread takes turns
/// by network, sign-ins first (``PasswordTurn``).
///
/// A new hash is `v2:` + bcrypt(base64(HMAC-SHA-384(constant, password))). An imported `$2a$`, `$2b$` or `$2y$` hash
/// verifies against the raw password as its maker did: 72 bytes count, and a password with a NUL never matches.
package final class PasswordHasher: Sendable {
    package static let costs = 10...15

    /// Each step doubles the time of a hash.
    package let cost: Int
    private let random: RandomSource
    private let threads: BlockingThreads<Bcrypt>
    private let turns: PasswordTurns

    /// - Parameters:
    ///   - cost: within ``costs``.
    ///   - threads: as many as the machine has cores unless given.
    ///   - queueLimit: checks that may wait for a thread; one more is refused with 429 `RATE_LIMITED`.
    package convenience init(
        cost: Int = 12, threads: Int? = nil, queueLimit: Int = 1024, random: RandomSource
    ) throws {
        guard Self.costs.contains(cost) else {
            throw KeyConfigurationError("must be from \(Self.costs.lowerBound) to \(Self.costs.upperBound)")
        }
        try self.init(anyCost: cost, threads: threads, queueLimit: queueLimit, random: random)
    }

    /// Tests save time with costs from 4.
    init(anyCost cost: Int, threads: Int?, queueLimit: Int, random: RandomSource) throws {
        self.cost = cost
        self.random = random
        let count = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
        turns = PasswordTurns(width: count, limit: queueLimit) { Self.busy }
        self.threads = try BlockingThreads(
            name: "password", count: count, queueLimit: count,
            refusal: { isClosed in isClosed ? Self.closed : Self.busy }, makeScratch: Bcrypt.init)
    }

    /// Refuses further work and ends the threads, as the release of the hasher does too.
    package func close() { threads.close() }

    package func hash(_ password: String, turn: PasswordTurn = .system) async throws -> String {
        let setting = try Bcrypt.setting(cost: cost, salt: random.bytes(16))
        return try await turns.run(turn) { [threads] in
            try await threads.run { bcrypt in
                let hash = try bcrypt.hash(StoredHash.phrase(for: password), setting: setting)
                return StoredHash.currentMark + String(decoding: hash, as: UTF8.self)
            }
        }
    }

    /// Checks a password against the hash of its account. Without an account it takes as long as a wrong password.
    package func verify(
        _ password: String, against stored: String?, turn: PasswordTurn = .system
    ) async throws -> PasswordVerification {
        let stored = stored.flatMap(StoredHash.init)
        return try await turns.run(turn) { [threads, cost] in
            try await threads.run { bcrypt in
                try Self.verify(password, against: stored, cost: cost, with: bcrypt)
            }
        }
    }

    private static func verify(
        _ password: String, against stored: StoredHash?, cost: Int, with bcrypt: Bcrypt
    ) throws -> PasswordVerification {
        guard let stored, let phrase = stored.phrase(for: password) else {
            try bcrypt.idle(cost: cost)
            return .wrong
        }
        guard constantTimeEquals(try bcrypt.hash(phrase, setting: stored.bcrypt), Array(stored.bcrypt.utf8)) else {
            // A cheap old hash must not tell by its speed that the account exists: 2^10 + 2^10 + 2^11 = 2^12.
            for missing in stored.cost..<max(stored.cost, cost) { try bcrypt.idle(cost: missing) }
            return .wrong
        }
        return .right(needsUpgrade: stored.isImported || stored.cost < cost)
    }

    private static var busy: Problem {
        Problem(
            .tooManyRequests, "RATE_LIMITED", "Too many sign-ins are being checked at the moment. Try again.",
            retryAfter: 1)
    }

    private static var closed: Problem {
        Problem(.unavailable, "UNAVAILABLE", "The server is shutting down. Try again.", retryAfter: 1)
    }
}
