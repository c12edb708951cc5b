/// What kind of failure it is; the kind alone fixes the HTTP status (rules/errors 2).
package enum ProblemKind: Int, Sendable, CaseIterable {
    case badRequest = 400
    case unauthenticated = 401
    case forbidden = 403
    case notFound = 404
    case methodNotAllowed = 405
    case conflict = 409
    case preconditionFailed = 412
    case payloadTooLarge = 413
    case unsupportedMediaType = 415
    case rangeNotSatisfiable = 416
    case unprocessable = 422
    /// A dependency of this one request is down; 502 to 504 would make the published client think the server is gone.
    case failedDependency = 424
    case tooManyRequests = 429
    case headersTooLarge = 431
    case fault = 500
    case unavailable = 503

    package var status: Int { rawValue }
}

/// An expected failure: what a caller is told. Never holds health data, SQL or the text of an underlying error.
package struct Problem: Error, Sendable {
    package let kind: ProblemKind
    /// Stable, upper snake case; clients branch on it.
    package let code: String
    /// One sentence for a person.
    package let message: String
    package var fieldErrors: [FieldError]
    /// Further members of the body, such as `alternatives`.
    package var details: [String: any Encodable & Sendable]
    /// What the document calls a body with these members, such as `SlotConflict`.
    package let shape: String?
    /// Seconds for `Retry-After`.
    package var retryAfter: Int?
    /// The length of the whole, for `Content-Range`, when a part was asked for that it does not have.
    package var wholeLength: Int64?

    package init(
        _ kind: ProblemKind, _ code: String, _ message: String,
        _ details: [String: any Encodable & Sendable] = [:], fieldErrors: [FieldError] = [], retryAfter: Int? = nil,
        shape: String? = nil
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.details = details
        self.fieldErrors = fieldErrors
        self.retryAfter = retryAfter
        self.shape = shape
    }

    /// The same problem with a sentence appended, which is also the member `advice` of the body.
    package func advising(_ advice: String?) -> Problem {
        guard let advice else { return self }
        var details = details
        details["advice"] = advice
        var advised = Problem(
            kind, code, "\(message) \(advice)", details, fieldErrors: fieldErrors, retryAfter: retryAfter,
            shape: shape)
        advised.wholeLength = wholeLength
        return advised
    }
}

/// One field that was refused; `field` is its path, such as `tests[2].price`.
package struct FieldError: Codable, Sendable, Equatable {
    package let field: String
    package let message: String

    package init(field: String, message: String) {
        self.field = field
        self.message = message
    }
}

extension Problem {
    /// 400 `VALIDATION_FAILED` that names every refused field.
    package static func validation(_ errors: [FieldError]) -> Problem {
        let text = errors.first.map { "\($0.field) \($0.message)." } ?? "The request is not valid."
        return Problem(.badRequest, "VALIDATION_FAILED", text, fieldErrors: errors)
    }

    /// 400 about one field, whose rule is the end of a sentence that begins with the field's name.
    package static func invalid(_ field: String, _ code: String, rule: String) -> Problem {
        Problem(
            .badRequest, code, "\(field) \(rule).", fieldErrors: [FieldError(field: field, message: rule)])
    }

    /// 400 with a code and a sentence of its own that still names the field it is about.
    package static func invalid(_ field: String, _ code: String, _ message: String) -> Problem {
        Problem(.badRequest, code, message, fieldErrors: [FieldError(field: field, message: message)])
    }

    package static let accessDenied = Problem(.forbidden, "ACCESS_DENIED", "You are not allowed to do this.")
    package static let unauthenticated = Problem(.unauthenticated, "UNAUTHENTICATED", "Sign in to use this.")
    package static let notFound = Problem(.notFound, "NOT_FOUND", "There is no such resource.")
    package static let unavailable = Problem(
        .unavailable, "UNAVAILABLE", "The service is not available right now.", retryAfter: 1)
    package static let fault = Problem(.fault, "INTERNAL", "Something went wrong on the server.")
}

/// The expected failures of one subject.
package protocol FailureCatalogue: Error, Sendable {
    var problem: Problem { get }
}

extension FailureCatalogue where Self: CaseIterable {
    /// All of them, for an operation that can fail with each.
    package static var catalogue: [Self] { Array(allCases) }
}

/// A fault whose kind the caller may know. Its `description` goes to the log: it names a place, never a value.
package protocol ExplainedFault: Error, CustomStringConvertible {
    var problem: Problem { get }
}
