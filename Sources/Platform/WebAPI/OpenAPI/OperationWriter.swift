import CareSyncCore
import HTTPTypes

/// Writes one operation of the document.
struct OperationWriter {
    private let endpoint: Endpoint

    init(_ endpoint: Endpoint) {
        self.endpoint = endpoint
    }

    func tree(_ schemas: inout SchemaComponents) throws -> JSONTree {
        .members([
            "operationId": .string(operationID),
            "tags": .strings([tag]),
            "summary": .string(endpoint.text.summary),
            "description": .string(endpoint.text.description),
            "deprecated": endpoint.text.replacement == nil ? nil : JSONTree.boolean(true),
            "parameters": try parameters(&schemas),
            "requestBody": try requestBody(&schemas),
            "responses": .object(
                try success(endpoint.operation.response, &schemas) + failures(&schemas)),
            "security": .array(security),
            "x-access": .strings(endpoint.access.gate),
            "x-step-up": endpoint.settings.stepUp == nil ? nil : JSONTree.boolean(true),
        ])
    }

    private var security: [JSONTree] {
        let bearer = JSONTree.members(["bearer": .array([])])
        return switch endpoint.access {
        case .public: []
        case .publicKnowingCaller: [.members([:]), bearer]
        case .signedIn, .roles: [bearer]
        }
    }

    private var segments: [Substring] { endpoint.path.split(separator: "/") }

    /// Method and path as one word: `putDoctorsByIdExperiences`.
    var operationID: String {
        endpoint.method.rawValue.lowercased()
            + segments.filter { $0 != "api" }.map { segment in
                let words = segment.split { !$0.isLetter && !$0.isNumber }.map {
                    $0.prefix(1).uppercased() + $0.dropFirst()
                }
                return (segment.hasPrefix("{") ? "By" : "") + words.joined()
            }.joined()
    }

    private var tag: String { String(segments.first { $0 != "api" } ?? "root") }

    private var isReplayable: Bool { if case .once = endpoint.operation.response { true } else { false } }

    private func parameters(_ schemas: inout SchemaComponents) throws -> JSONTree? {
        let operation = endpoint.operation
        var parameters = try schemas.fields(of: operation.parameters).map { field -> JSONTree in
            let isInPath = operation.pathNames.contains(field.name)
            var plain = field
            plain.isOptional = false
            return .members([
                "name": .string(field.name), "in": isInPath ? "path" : "query",
                "required": .boolean(isInPath || !field.isOptional), "schema": schemas.property(plain, .request),
            ])
        }
        if isReplayable {
            parameters.append(
                .members([
                    "name": "Idempotency-Key", "in": "header", "required": false,
                    "description": "The same key and body get the same answer and take effect once, for 48 hours.",
                    "schema": .members([
                        "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$",
                    ]),
                ]))
        }
        return parameters.isEmpty ? nil : .array(parameters)
    }

    private func requestBody(_ schemas: inout SchemaComponents) throws -> JSONTree? {
        let type = endpoint.operation.body
        if type is NoBody.Type { return nil }
        if type is StreamedBody.Type {
            let content = JSONTree.members(["schema": .members(["type": "string", "format": "binary"])])
            return .members(["required": true, "content": .members(["application/octet-stream": content])])
        }
        if type is MultipartForm.Type || type is StreamedForm.Type {
            return .members([
                "required": true,
                "content": .members(["multipart/form-data": .members(["schema": .members(["type": "object"])])]),
            ])
        }
        return .members(["required": true, "content": Self.json(try schemas.schema(of: type, for: .request))])
    }

    private func success(
        _ description: ResponseDescription, _ schemas: inout SchemaComponents
    ) throws -> [JSONTree.Member] {
        let answer: JSONTree
        switch description {
        case .tagged(let description):
            let unchanged = JSONTree.members(["description": "Not changed since the ETag of If-None-Match."])
            return try success(description, &schemas) + [JSONTree.Member(name: "304", value: unchanged)]
        case .json(let type), .once(let type):
            answer = .members([
                "description": "Success", "content": Self.json(try schemas.schema(of: type, for: .response)),
            ])
        case .list(let type, let isPaged):
            let items = try schemas.schema(of: type, for: .response)
            answer = .members([
                "description": "Success", "headers": isPaged ? Self.listHeaders : nil,
                "content": Self.json(.members(["type": "array", "items": items])),
            ])
        case .nothing: answer = .members(["description": "Success"])
        case .binary(let contentType):
            answer = .members([
                "description": "Success",
                "content": .object([
                    JSONTree.Member(
                        name: contentType,
                        value: .members(["schema": .members(["type": "string", "format": "binary"])]))
                ]),
            ])
        }
        return [JSONTree.Member(name: String(endpoint.status), value: answer)]
    }

    /// Every error status the endpoint can answer, each with its codes.
    private func failures(_ schemas: inout SchemaComponents) throws -> [JSONTree.Member] {
        var codes: [Int: [String]] = [
            400: ["INVALID_ARGUMENT"], 403: ["ORIGIN_NOT_ALLOWED"], 500: ["INTERNAL"], 503: ["UNAVAILABLE"],
        ]
        func add(_ status: Int, _ code: String) {
            if !codes[status, default: []].contains(code) { codes[status, default: []].append(code) }
        }
        if !AddressGuard.isAlwaysOpen(endpoint.path) { add(403, "IP_BLOCKED") }
        if endpoint.limits != nil { add(429, "RATE_LIMITED") }
        if endpoint.access != .public {
            for code in ["UNAUTHENTICATED", "TOKEN_EXPIRED", "TOKEN_INVALID", "SESSION_REVOKED"] { add(401, code) }
            add(403, "ACCESS_DENIED")
            add(403, "ACCOUNT_INACTIVE")
            if endpoint.access.needsToken, !endpoint.settings.admitsGeneratedPassword {
                add(403, "PASSWORD_CHANGE_REQUIRED")
            }
            if endpoint.access.needsToken, !endpoint.settings.admitsMissingFactor {
                add(403, "SECOND_FACTOR_ENROLLMENT_REQUIRED")
            }
            if endpoint.settings.stepUp != nil { add(403, "STEP_UP_REQUIRED") }
        }
        if !(endpoint.operation.body is NoBody.Type) {
            for code in ["VALIDATION_FAILED", "MALFORMED_REQUEST"] { add(400, code) }
            add(413, endpoint.takesFiles ? "FILE_TOO_LARGE" : "PAYLOAD_TOO_LARGE")
            add(415, "UNSUPPORTED_MEDIA_TYPE")
        }
        if isReplayable {
            add(409, "REQUEST_IN_PROGRESS")
            add(422, "IDEMPOTENCY_KEY_REUSED")
        }
        for problem in endpoint.operation.failures { add(problem.kind.status, problem.code) }
        return try codes.sorted { $0.key < $1.key }.map { status, codes in
            JSONTree.Member(
                name: String(status),
                value: .members([
                    "description": .string(codes.joined(separator: ", ")),
                    "headers": status == 429 ? Self.limitHeaders : nil,
                    "content": Self.json(try error(status, &schemas)),
                ]))
        }
    }

    /// The error body, with what some problems of a status tell beside it.
    private func error(_ status: Int, _ schemas: inout SchemaComponents) throws -> JSONTree {
        let plain = JSONTree.members(["$ref": "#/components/schemas/ErrorResponse"])
        let advice = Problem.fault.advising(endpoint.settings.advice).details
        let details = endpoint.operation.failures.filter { $0.kind.status == status }
            .reduce(into: advice) { $0.merge($1.details) { first, _ in first } }
        let properties = try details.sorted { $0.key < $1.key }.compactMap { name, value -> JSONTree.Member? in
            guard let type = type(of: value) as? any Decodable.Type else { return nil }
            return JSONTree.Member(name: name, value: try schemas.schema(of: type, for: .response))
        }
        guard !properties.isEmpty else { return plain }
        return .members([
            "allOf": .array([plain, .members(["type": "object", "properties": .object(properties)])])
        ])
    }

    private static func json(_ schema: JSONTree) -> JSONTree {
        .members(["application/json": .members(["schema": schema])])
    }

    private static let limitHeaders: JSONTree = .members([
        "Retry-After": .members([
            "description": "Seconds until it can be tried again.", "schema": .members(["type": "integer"]),
        ])
    ])

    private static let listHeaders: JSONTree = .members([
        "X-Total-Count": .members([
            "description": "Rows of the whole list, when page or size was given.",
            "schema": .members(["type": "integer"]),
        ]),
        "X-Truncated": .members([
            "description": "true when an unpaged list was cut at 500 rows.", "schema": .members(["type": "string"]),
        ]),
    ])
}
