package import CareSyncCore
import JSONCoding
import Persistence

/// What the caller is told of a thrown error.
enum Failure {
    case problem(Problem)
    case refusedMethod(allowed: String)
    case stored(StoredResponse)
    /// Logged with the place it names, answered with its code.
    case explainedFault(any ExplainedFault)
    /// The database cannot store: logged, because somebody must see to it, and answered with 503.
    case storageFault(DatabaseFailure)
    /// Unexpected: logged, answered with a bare 500.
    case fault

    init(_ error: any Error) {
        switch error {
        case let failure as any FailureCatalogue: self = .problem(failure.problem)
        case let fault as any ExplainedFault: self = .explainedFault(fault)
        case let problem as Problem: self = problem.kind == .fault ? .fault : .problem(problem)
        case let failure as StoredFailure: self = .stored(failure.answer)
        case let error as JSONDecodingFailure: self = .problem(.validation(Self.named(error.fieldErrors)))
        case let error as JSONSyntaxError: self = .problem(Self.malformed(error))
        case let failure as DatabaseFailure: self = Self.database(failure)
        case let refusal as MethodRefusal: self = .refusedMethod(allowed: refusal.allowed)
        case is CancellationError: self = .problem(.unavailable)
        default: self = .fault
        }
    }

    private static func malformed(_ error: JSONSyntaxError) -> Problem {
        let field = error.path.isEmpty ? "body" : error.path
        return Problem(
            .badRequest, "MALFORMED_REQUEST", "\(field) \(error.message).",
            fieldErrors: [FieldError(field: field, message: error.message)])
    }

    /// The whole body has no path; a client is still told what is meant.
    private static func named(_ errors: [FieldError]) -> [FieldError] {
        errors.map { $0.field.isEmpty ? FieldError(field: "body", message: $0.message) : $0 }
    }

    private static func database(_ failure: DatabaseFailure) -> Failure {
        switch failure {
        // The driver has repeated it often enough.
        case _ where failure.isRetryable: .problem(.unavailable)
        case .constraint(.unique, _), .constraint(.exclusion, _), .unmetRequirement:
            .problem(Problem(.conflict, "CONFLICT", "This conflicts with something that exists already."))
        case .conflict, .lockTimeout, .connectionLost, .unavailable: .problem(.unavailable)
        case .storage: .storageFault(failure)
        case .constraint, .noSuchColumn, .unexpectedValue, .other: .fault
        }
    }
}

extension Problem {
    static let originNotAllowed = Problem(.forbidden, "ORIGIN_NOT_ALLOWED", "This origin may not use the API.")
    static let unknownRoute = Problem(.notFound, "NOT_FOUND", "There is no such route.")
    static let bodyTooLarge = Problem(.payloadTooLarge, "PAYLOAD_TOO_LARGE", "The request body is too large.")
    package static let fileTooLarge = Problem(.payloadTooLarge, "FILE_TOO_LARGE", "The file is too large.")
    static let unsatisfiableRange = Problem(
        .rangeNotSatisfiable, "RANGE_NOT_SATISFIABLE", "The file has no such part.")

    static func unsatisfiableRange(of length: Int64) -> Problem {
        var problem = unsatisfiableRange
        problem.wholeLength = length
        return problem
    }

    static let unsupportedCoding = Problem(
        .unsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "The body must not be compressed.")
    static let headersTooLarge = Problem(
        .headersTooLarge, "HEADERS_TOO_LARGE", "The request headers are too large.")
    static let malformedHTTP = Problem(.badRequest, "MALFORMED_REQUEST", "The request is not valid HTTP.")
    static let passwordChangeRequired = Problem(
        .forbidden, "PASSWORD_CHANGE_REQUIRED", "Change the password of this account first.")
    static let factorEnrollmentRequired = Problem(
        .forbidden, "SECOND_FACTOR_ENROLLMENT_REQUIRED", "Set up a second factor for this account first.")
    static let stepUpRequired = Problem(
        .forbidden, "STEP_UP_REQUIRED", "Prove again who you are (POST /api/auth/step-up), then repeat this.")
    static let factorRequired = Problem(
        .forbidden, "STEP_UP_REQUIRED",
        "Prove again who you are (POST /api/auth/step-up), with a code where there is a second factor, then repeat this."
    )
    static let methodNotAllowed = Problem(
        .methodNotAllowed, "METHOD_NOT_ALLOWED", "This route does not support this method.")
}
