package import CareSyncCore
package import HTTPTypes

/// One route: path, access rule, input, output and failures in one declaration. The router, the OpenAPI document and the
/// authorization matrix are all read from it, so they cannot disagree.
package struct Endpoint: Sendable {
    package let method: HTTPRequest.Method
    /// With `{name}` for path parameters.
    package let path: String
    package let text: EndpointText
    package let access: Access
    /// Whom the data is about.
    package let subject: Subject
    /// Of the answer when nothing goes wrong.
    package let status: Int
    package let settings: EndpointSettings
    let operation: OperationDescription
    let handle: @Sendable (IncomingRequest) async throws -> Response

    /// Such as `PUT /api/doctors/{id}`.
    package var route: String { "\(method.rawValue) \(path)" }

    package var bodyLimit: Int {
        settings.bodyLimit
            ?? (path.hasPrefix("/api/auth/")
                ? EndpointSettings.authenticationBodyLimit : EndpointSettings.standardBodyLimit)
    }

    var takesFiles: Bool {
        operation.body is MultipartForm.Type || operation.body is StreamedForm.Type
            || operation.body is StreamedBody.Type || operation.body is any FileFormBody.Type
    }
}

/// What the document says of an endpoint.
package struct EndpointText: Sendable {
    /// A few words.
    package let summary: String
    /// Who may call it, and what it does.
    package let description: String
    /// What to call instead; set for an endpoint that only older clients should use.
    package fileprivate(set) var replacement: String?

    init(_ summary: String, _ description: String) {
        self.summary = summary
        self.description = description
    }
}

/// Whose data an endpoint is about.
package enum Subject: Sendable, Equatable {
    /// Of nobody in particular, or of somebody its path does not name.
    case none
    /// Of the patient whose id the path parameter of this name holds, so that a refusal shows in the patient's access log.
    case patient(String)

    func isNamed(in path: PathTemplate) -> Bool {
        if case .patient(let name) = self { path.parameterNames.contains(name) } else { true }
    }

    func patient(in pathValues: [(name: String, value: String)]) -> PatientID? {
        guard case .patient(let name) = self else { return nil }
        return pathValues.first { $0.name == name }.flatMap { Int64($0.value) }.flatMap(PatientID.init(checking:))
    }
}

extension Endpoint {
    /// Marked `deprecated` in the document: a second way to do what `route` does.
    package func deprecated(insteadUse route: String) -> Endpoint {
        Endpoint(
            method: method, path: path, text: text.replaced(by: route), access: access, subject: subject,
            status: status, settings: settings, operation: operation, handle: handle)
    }
}

extension EndpointText {
    fileprivate func replaced(by route: String) -> EndpointText {
        var text = self
        text.replacement = route
        return text
    }
}

/// Settings that few endpoints need.
package struct EndpointSettings: Sendable {
    /// Bytes of body that are read; more is 413. `nil` stands for ``standardBodyLimit``, and for
    /// ``authenticationBodyLimit`` under `/api/auth`.
    package var bodyLimit: Int?
    /// Which quota the endpoint draws on.
    package var rateClass: RateClass
    /// Whether an account with an unchanged generated password may use it. Public routes need no mark: they do not
    /// identify the caller.
    package var admitsGeneratedPassword: Bool
    /// Whether an account that still has to set up a second factor may use it. Public routes need no mark here either.
    package var admitsMissingFactor: Bool
    /// How the caller must have proved who they are in the last minutes, if at all; otherwise 403 `STEP_UP_REQUIRED`.
    package var stepUp: IdentityProof?
    /// A sentence appended to the text of every error, and its member `advice`.
    package var advice: String?
    /// Whether the service behind the endpoint, and nobody before it, refuses who is no administrator at an address that
    /// is open to administrators only: for what they sign in with.
    package var judgesAddress = false

    package init(
        bodyLimit: Int? = nil, rateClass: RateClass = .standard, stepUp: IdentityProof? = nil,
        admitsGeneratedPassword: Bool = false, admitsMissingFactor: Bool = false,
        advice: String? = nil
    ) {
        self.bodyLimit = bodyLimit
        self.rateClass = rateClass
        self.admitsGeneratedPassword = admitsGeneratedPassword
        self.admitsMissingFactor = admitsMissingFactor
        self.stepUp = stepUp
        self.advice = advice
    }

    /// Enough for every form; what takes files says so.
    package static let standardBodyLimit = 64 << 10
    /// Strangers reach these routes, and send little there.
    package static let authenticationBodyLimit = 16 << 10

    package static let standard = EndpointSettings()
    /// Sign-in and everything else that checks passwords.
    package static let authentication = EndpointSettings(rateClass: .authentication)
    package static let registration = EndpointSettings(rateClass: .registration)
    /// What sends or checks one-time codes and links.
    package static let code = EndpointSettings(rateClass: .code)
    package static let token = EndpointSettings(rateClass: .token)
    package static let upload = EndpointSettings(rateClass: .upload)
    package static let expensive = EndpointSettings(rateClass: .expensive)
    package static let unlimited = EndpointSettings(rateClass: .exempt)
    /// The same, with ``judgesAddress``.
    package var judgingAddress: EndpointSettings {
        var settings = self
        settings.judgesAddress = true
        return settings
    }
    /// What a stolen session must not be enough for: exports, changes of the e-mail address.
    package static let sensitive = EndpointSettings(stepUp: .any)
    /// What a stolen session and its password must not be enough for: break-glass.
    package static let mostSensitive = EndpointSettings(stepUp: .factor)
}

/// Each takes a summary of a few words and a description: who may call it, and what it does, in a sentence or two. `fails`
/// lists what this operation can fail with, catalogue by catalogue: `fails: [LeaveError.overlap], [GuardError.blocked]`.
extension Endpoint {
    package static func get<P: Decodable & Sendable, R: ResponseConvertible, each F: FailureCatalogue>(
        _ path: String, _ summary: String, _ description: String = "", access: Access, subject: Subject = .none,
        status: Int = 200, fails: repeat [each F], settings: EndpointSettings = .standard,
        use handler: @escaping @Sendable (EndpointRequest<P, NoBody>) async throws -> R
    ) -> Endpoint {
        make(
            .get, path, EndpointText(summary, description), access, subject, status,
            problems(repeat each fails), settings, handler)
    }

    package static func post<
        P: Decodable & Sendable, B: Decodable & Sendable, R: ResponseConvertible, each F: FailureCatalogue
    >(
        _ path: String, _ summary: String, _ description: String = "", access: Access, subject: Subject = .none,
        status: Int = 200, fails: repeat [each F], settings: EndpointSettings = .standard,
        use handler: @escaping @Sendable (EndpointRequest<P, B>) async throws -> R
    ) -> Endpoint {
        make(
            .post, path, EndpointText(summary, description), access, subject, status,
            problems(repeat each fails), settings, handler)
    }

    package static func put<
        P: Decodable & Sendable, B: Decodable & Sendable, R: ResponseConvertible, each F: FailureCatalogue
    >(
        _ path: String, _ summary: String, _ description: String = "", access: Access, subject: Subject = .none,
        status: Int = 200, fails: repeat [each F], settings: EndpointSettings = .standard,
        use handler: @escaping @Sendable (EndpointRequest<P, B>) async throws -> R
    ) -> Endpoint {
        make(
            .put, path, EndpointText(summary, description), access, subject, status,
            problems(repeat each fails), settings, handler)
    }

    package static func patch<
        P: Decodable & Sendable, B: Decodable & Sendable, R: ResponseConvertible, each F: FailureCatalogue
    >(
        _ path: String, _ summary: String, _ description: String = "", access: Access, subject: Subject = .none,
        status: Int = 200, fails: repeat [each F], settings: EndpointSettings = .standard,
        use handler: @escaping @Sendable (EndpointRequest<P, B>) async throws -> R
    ) -> Endpoint {
        make(
            .patch, path, EndpointText(summary, description), access, subject, status,
            problems(repeat each fails), settings, handler)
    }

    package static func delete<P: Decodable & Sendable, R: ResponseConvertible, each F: FailureCatalogue>(
        _ path: String, _ summary: String, _ description: String = "", access: Access, subject: Subject = .none,
        status: Int = 200, fails: repeat [each F], settings: EndpointSettings = .standard,
        use handler: @escaping @Sendable (EndpointRequest<P, NoBody>) async throws -> R
    ) -> Endpoint {
        make(
            .delete, path, EndpointText(summary, description), access, subject, status,
            problems(repeat each fails), settings, handler)
    }

    private static func make<P: Decodable & Sendable, B: Decodable & Sendable, R: ResponseConvertible>(
        _ method: HTTPRequest.Method, _ path: String, _ text: EndpointText, _ access: Access, _ subject: Subject,
        _ status: Int, _ failures: [Problem], _ settings: EndpointSettings,
        _ handler: @escaping @Sendable (EndpointRequest<P, B>) async throws -> R
    ) -> Endpoint {
        let pathNames = PathTemplate(path).parameterNames
        let decodeParameters = ParameterReader.reader(for: P.self, pathNames: pathNames)
        let decodeBody = BodyReader.reader(for: B.self)
        return Endpoint(
            method: method, path: path, text: text, access: access, subject: subject,
            status: R.described.status ?? status, settings: settings,
            operation: OperationDescription(
                parameters: P.self, pathNames: pathNames, body: B.self, response: R.described, failures: failures)
        ) { incoming in
            let request = EndpointRequest(
                parameters: try decodeParameters(incoming), body: try decodeBody(incoming), caller: incoming.caller,
                origin: incoming.origin, metadata: incoming.metadata)
            return try await handler(request).response(to: incoming.metadata)
        }
    }

    private static func problems<each F: FailureCatalogue>(_ failures: repeat [each F]) -> [Problem] {
        var problems: [Problem] = []
        repeat add(each failures, to: &problems)
        return problems
    }

    private static func add(_ failures: [some FailureCatalogue], to problems: inout [Problem]) {
        problems += failures.map(\.problem)
    }
}
