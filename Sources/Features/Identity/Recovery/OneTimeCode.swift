import CareSyncCore
import Mail
import Persistence

enum OneTimeCodeTag {}
typealias OneTimeCodeID = ID<OneTimeCodeTag>

/// What a code proves.
enum CodePurpose: String, Sendable, CaseIterable, ColumnValue, SQLConvertible {
    /// Somebody reads the mail of an address to be registered.
    case verifyEmail = "VERIFY_EMAIL"
    /// Somebody reads the mail of an account whose password is forgotten.
    case resetPassword = "RESET_PASSWORD"
    /// The same, by a link that holds a long token instead of a code.
    case resetLink = "RESET_LINK"
    /// Somebody who knows the password also reads the account's mail.
    case secondFactor = "SECOND_FACTOR"

    /// The mail that brings the code. Somebody sits and waits for it.
    var mailName: MailName {
        switch self {
        case .verifyEmail: MailName("verification-code", isUrgent: true)
        case .resetPassword: MailName("reset-code", isUrgent: true)
        case .resetLink: MailName("reset-link", isUrgent: true)
        case .secondFactor: MailName("second-factor-code", isUrgent: true)
        }
    }
}

/// A row of `one_time_codes`. It holds no code: the six digits are derived from it with a key that is not in the database.
struct OneTimeCode: RowDecodable, Sendable {
    let id: OneTimeCodeID
    let purpose: CodePurpose
    let email: String
    let seed: [UInt8]
    let expiresAt: Instant
    let verifiedAt: Instant?

    init(row: Row) throws {
        id = try row.value("id")
        purpose = try row.value("purpose")
        email = try row.value("email")
        seed = try row.value("seed")
        expiresAt = try row.value("expires_at")
        verifiedAt = try row.value("verified_at")
    }

    static let columns: SQL = "id, purpose, email, seed, expires_at, verified_at"

    static func rule<Root>(_ field: String, _ text: @escaping @Sendable (Root) -> String) -> Rule<Root> {
        Rule(field, .pattern("^[0-9]{6}$")) {
            let code = text($0).utf8
            return code.count == 6 && code.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
                ? nil : "must have six digits"
        }
    }

    /// How messages name it.
    static func subject(_ id: OneTimeCodeID) -> String { "code/\(id)" }

    static func id(subject: String) -> OneTimeCodeID? {
        guard subject.hasPrefix("code/") else { return nil }
        return Int64(subject.dropFirst(5)).flatMap(OneTimeCodeID.init(checking:))
    }
}

/// The outcome of asking for a code.
enum CodeIssue: Sendable, Equatable {
    /// The mail is in the outbox.
    case issued(OneTimeCodeID, expiresAt: Instant)
    /// Too soon after the last one, or too many in an hour; nothing was written.
    case refused(retryAfter: TimeSpan)
}

/// The outcome of an attempt.
enum CodeVerdict: Sendable, Equatable {
    case right(OneTimeCodeID, wasVerified: Bool)
    /// Wrong, expired, used, guessed too often or never issued; the caller is not told which.
    case wrong
}

/// How long codes count and how many there may be.
struct CodeLimits: Sendable {
    /// How long a code counts.
    var lifetime = TimeSpan.minutes(10)
    /// How long a link counts.
    var linkLifetime = TimeSpan.minutes(60)
    /// Between two codes for one address; the published client shows a minute.
    var coolDown = TimeSpan.seconds(60)
    /// Wrong attempts that void a code.
    var attempts = 5
    /// Codes per purpose and e-mail address within an hour of the first.
    var perEmail = 5
    /// Codes per client address within an hour of the first; a clinic's patients may share one.
    var perClient = 100
    /// Whether the loopback address is exempt: in development, where everybody uses it.
    var exemptsLoopback = false
}
