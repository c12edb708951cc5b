import CareSyncCore
import Persistence

/// How a second proof is given.
enum SecondFactorMethod: String, Codable, Sendable, CaseIterable, SQLConvertible, ColumnValue {
    /// An authenticator app.
    case totp = "TOTP"
    /// Six digits by mail, for people without an app.
    case email = "EMAIL"
}

/// What completes a sign-in with its second proof.
enum ChallengeMethod: String, Codable, Sendable, CaseIterable {
    case totp = "TOTP"
    case email = "EMAIL"
    case recoveryCode = "RECOVERY_CODE"

    init(_ method: SecondFactorMethod) {
        self =
            switch method {
            case .totp: .totp
            case .email: .email
            }
    }
}

/// The confirmed factor of an account.
struct SecondFactor: RowDecodable {
    let userID: UserID
    let method: SecondFactorMethod
    /// The app's secret; `nil` for a method without one.
    let sealedSecret: [UInt8]?
    /// The latest step of the app's clock whose code was used; none counts twice.
    let lastStep: Int64

    init(row: Row) throws {
        userID = try row.value("user_id")
        method = try row.value("method")
        sealedSecret = try row.value("secret")
        lastStep = try row.value("last_step")
    }

    static let columns: SQL = "user_id, method, secret, last_step"
}

/// A factor that its owner has not confirmed yet.
struct FactorEnrolment: RowDecodable {
    let userID: UserID
    let method: SecondFactorMethod
    let sealedSecret: [UInt8]?

    init(row: Row) throws {
        userID = try row.value("user_id")
        method = try row.value("method")
        sealedSecret = try row.value("secret")
    }

    static let lifetime = TimeSpan.minutes(10)
    static let attempts = 5
}

/// A sign-in that waits for its second proof.
struct SignInChallenge: RowDecodable {
    let id: Int64
    let userID: UserID
    /// Digest of the password hash that was proved; a password changed since then voids the challenge.
    let passwordDigest: [UInt8]

    init(row: Row) throws {
        id = try row.value("id")
        userID = try row.value("user_id")
        passwordDigest = try row.value("password_digest")
    }

    static let lifetime = TimeSpan.minutes(5)
    static let attempts = 5
}

/// The answer to a right password when a second proof is due (rules/second-factor 1).
struct SecondFactorDue: FailureCatalogue {
    let token: String
    let methods: [ChallengeMethod]
    /// Whether a code is being mailed; one sent less than a minute ago is still valid instead.
    let isCodeSent: Bool

    static var catalogue: [SecondFactorDue] { [SecondFactorDue(token: "", methods: [], isCodeSent: false)] }

    var problem: Problem {
        Problem(
            .unauthenticated, "SECOND_FACTOR_REQUIRED", "Enter the code of your second factor.",
            ["challengeToken": token, "methods": methods, "codeSent": isCodeSent], shape: "SignInChallenge")
    }
}

/// What `verify` refuses.
enum ChallengeError: FailureCatalogue, CaseIterable {
    case invalid
    case wrongCode

    var problem: Problem {
        switch self {
        case .invalid:
            Problem(.unauthenticated, "CHALLENGE_INVALID", "This sign-in has expired. Sign in again.")
        case .wrongCode: Problem(.unauthenticated, "SECOND_FACTOR_INVALID", "The code is wrong.")
        }
    }
}

/// Why no code can be mailed.
enum FactorMailError: FailureCatalogue {
    case tooMany(retryAfter: TimeSpan)
    case noMail

    var problem: Problem {
        switch self {
        case .tooMany(let wait): VerificationError.tooMany(retryAfter: wait).problem
        case .noMail: VerificationError.noMail.problem
        }
    }
}

enum SecondFactorError: FailureCatalogue, CaseIterable {
    case wrongCode
    case noEnrolment
    case noFactor
    case mandatory
    case tooManyAttempts

    /// How many wrong codes an account bears in ``attemptWindow``, whatever address they come from.
    static let attemptLimit = 10
    static let attemptWindow = TimeSpan.minutes(15)

    var problem: Problem {
        switch self {
        case .wrongCode: .invalid("code", "INVALID_OTP", "The code is wrong.")
        case .noEnrolment:
            Problem(.conflict, "NO_ENROLMENT", "There is no second factor to confirm. Enrol one first.")
        case .noFactor: Problem(.conflict, "NO_SECOND_FACTOR", "This account has no second factor.")
        case .mandatory:
            Problem(.conflict, "SECOND_FACTOR_MANDATORY", "Administrators need a second factor here.")
        case .tooManyAttempts:
            Problem(
                .tooManyRequests, "ACCOUNT_LOCKED", "Too many wrong codes. Try again later.",
                retryAfter: Int(Self.attemptWindow.microseconds / 1_000_000))
        }
    }
}
