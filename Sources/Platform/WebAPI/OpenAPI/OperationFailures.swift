import CareSyncCore
import HTTPTypes
import Persistence

/// What an operation can fail with: what the steps before its handler refuse, and what it lists itself.
struct OperationFailures {
    private var problems: [Problem] = []
    private let advice: String?

    init(_ endpoint: Endpoint, isReplayable: Bool) {
        advice = endpoint.settings.advice
        add(.invalidArgument, .originNotAllowed, .fault, .unavailable)
        if !AddressGuard.isAlwaysOpen(endpoint.path) { add(.addressBlocked) }
        if endpoint.limits != nil { add(.rateLimited) }
        if endpoint.access != .public {
            add(.unauthenticated, .tokenExpired, .tokenInvalid, .sessionRevoked, .accessDenied, .accountInactive)
            if endpoint.access.needsToken, !endpoint.settings.admitsGeneratedPassword { add(.passwordChangeRequired) }
            if endpoint.access.needsToken, !endpoint.settings.admitsMissingFactor { add(.factorEnrollmentRequired) }
            if endpoint.settings.stepUp != nil { add(.stepUpRequired) }
            add(.dataIntegrity)
        }
        if !(endpoint.operation.body is NoBody.Type || endpoint.operation.body is RawBody.Type) {
            add(.validationFailed, .malformedJSON, .unsupportedMediaType)
        }
        // A body is read where none is needed, too, and thrown away.
        if endpoint.method != .get {
            add(endpoint.takesFiles ? .fileTooLarge : .bodyTooLarge)
            if endpoint.operation.body is any FileFormBody.Type { add(.bodyTooLarge) }
        }
        if isReplayable { for error in IdempotencyError.allCases { add(error.problem) } }
        if case .ranged = endpoint.operation.response { add(.unsatisfiableRange) }
        for problem in endpoint.operation.failures { add(problem) }
    }

    private mutating func add(_ further: Problem...) {
        for problem in further
        where !problems.contains(where: { $0.code == problem.code && $0.kind == problem.kind }) {
            problems.append(problem)
        }
    }

    func contains(_ status: Int, _ code: String) -> Bool {
        problems.contains { $0.kind.status == status && $0.code == code }
    }

    /// What all failures of the operation may tell beside the error body; `nil` where they give no advice.
    var advisedDetails: [String: any Encodable & Sendable]? {
        guard let advice else { return nil }
        return problems.reduce(into: Problem.fault.advising(advice).details) {
            $0.merge($1.details) { first, _ in first }
        }
    }

    var byStatus: [(status: Int, problems: [Problem])] {
        Dictionary(grouping: problems, by: \.kind.status).sorted { $0.key < $1.key }
            .map { (status: $0.key, problems: $0.value) }
    }
}

extension Problem {
    static let invalidArgument = Problem(.badRequest, "INVALID_ARGUMENT", "A parameter is missing or not valid.")
    static let validationFailed = Problem(.badRequest, "VALIDATION_FAILED", "A field of the body breaks a rule.")
    static let malformedJSON = Problem(.badRequest, "MALFORMED_REQUEST", "The body is missing or is not valid JSON.")
    static let unsupportedMediaType = Problem(
        .unsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.")
    static let dataIntegrity = Problem(
        .fault, "DATA_INTEGRITY", "A stored value is damaged. Nothing was changed.")
    static let rateLimited = Problem(
        .tooManyRequests, "RATE_LIMITED", "Too many requests. Try again later.", retryAfter: 1)
    static let tokenExpired = Problem(
        .unauthenticated, "TOKEN_EXPIRED", "The access token has expired. Get a new one with the refresh token.")
    static let tokenInvalid = Problem(.unauthenticated, "TOKEN_INVALID", "The access token is not valid.")
    static let sessionRevoked = Problem(.unauthenticated, "SESSION_REVOKED", "The session has ended. Sign in again.")
    static let accountInactive = Problem(.forbidden, "ACCOUNT_INACTIVE", "The account is deactivated.")
}

extension Endpoint {
    /// Whether the document names the failure for this operation.
    package func declares(_ status: Int, _ code: String) -> Bool {
        OperationFailures(self, isReplayable: operation.response.isReplayable).contains(status, code)
    }
}
