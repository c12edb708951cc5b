import CareSyncCore
import HTTPTypes

/// Writes one operation of the document.
struct OperationWriter {
    private let endpoint: Endpoint
    private let tag: String

    /// - Parameter tag: the chapter it belongs to; without one, the first word of its path.
    init(_ endpoint: Endpoint, tag: String?) {
        self.endpoint = endpoint
        self.tag = tag ?? Self.words(endpoint.path).first.map(String.init) ?? "root"
    }

    func tree(_ components: inout Components) throws -> JSONTree {
        .members([
            "operationId": .string(operationID),
            "tags": .strings([tag]),
            "summary": .string(endpoint.text.summary),
            "description": description.isEmpty ? nil : .string(description),
            "deprecated": endpoint.text.replacement == nil ? nil : JSONTree.boolean(true),
            "parameters": try parameters(&components),
            "requestBody": try requestBody(&components.schemas),
            "responses": .object(try successes(&components) + failures(&components)),
            "security": .array(security),
            "x-access": .strings(endpoint.access.gate),
            "x-step-up": endpoint.settings.stepUp.map { .string($0 == .factor ? "FACTOR" : "ANY") },
        ])
    }

    private var description: String {
        guard let replacement = endpoint.text.replacement else { return endpoint.text.description }
        return [endpoint.text.description, "Use `\(replacement)` instead."].filter { !$0.isEmpty }
            .joined(separator: " ")
    }

    private var security: [JSONTree] {
        let bearer = JSONTree.members(["bearer": .array([])])
        return switch endpoint.access {
        case .public: []
        case .publicKnowingCaller, .rolesOrLink: [.members([:]), bearer]
        case .signedIn, .roles: [bearer]
        }
    }

    private static func words(_ path: String) -> [Substring] { path.split(separator: "/").filter { $0 != "api" } }

    /// Method and path as one word: `putDoctorsByIdExperiences`.
    var operationID: String {
        endpoint.method.rawValue.lowercased()
            + Self.words(endpoint.path).map { segment in
                let words = segment.split { !$0.isLetter && !$0.isNumber }.map {
                    $0.prefix(1).uppercased() + $0.dropFirst()
                }
                return (segment.hasPrefix("{") ? "By" : "") + words.joined()
            }.joined()
    }

    private var isReplayable: Bool { endpoint.operation.response.isReplayable }
    private var isTagged: Bool { if case .tagged = endpoint.operation.response { true } else { false } }
    private var isVersioned: Bool { endpoint.operation.response.isVersioned }

    private func parameters(_ components: inout Components) throws -> JSONTree? {
        let operation = endpoint.operation
        let isPaged = operation.parameters is any PagedParameters.Type
        var parameters: [JSONTree] = []
        for field in try components.schemas.fields(of: operation.parameters) {
            if isPaged, let shared = components.pagingParameter(field.name) {
                parameters.append(shared)
                continue
            }
            let isInPath = operation.pathNames.contains(field.name)
            var plain = field
            plain.isOptional = false
            let schema = try components.schemas.property(plain, .request)
            parameters.append(
                .members([
                    "name": .string(field.name), "in": isInPath ? "path" : "query",
                    "required": .boolean(isInPath || !field.isOptional),
                    "description": schema["description"]
                        ?? components.text(of: field).map(JSONTree.string),
                    "schema": schema.without("description"),
                ]))
        }
        if isReplayable { parameters.append(components.parameter("IdempotencyKey", SharedParts.idempotencyKey)) }
        if isTagged { parameters.append(components.parameter("IfNoneMatch", SharedParts.ifNoneMatch)) }
        if isVersioned, endpoint.method != .get, endpoint.method != .post {
            parameters.append(components.parameter("IfMatch", SharedParts.ifMatch))
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
        if type is RawBody.Type {
            return .members(["required": true, "content": Self.json(.members(["type": "object"]))])
        }
        if let form = type as? any FileFormBody.Type { return try Self.form(form, &schemas) }
        if type is MultipartForm.Type || type is StreamedForm.Type {
            return .members([
                "required": true,
                "content": .members(["multipart/form-data": .members(["schema": .members(["type": "object"])])]),
            ])
        }
        return .members([
            "required": .boolean(!BodyReader.isOptional(type)),
            "content": Self.json(bounded(type, try schemas.schema(of: type, for: .request))),
        ])
    }

    /// A bare array has no field whose rule could tell its length.
    private func bounded(_ type: Any.Type, _ schema: JSONTree) -> JSONTree {
        guard let bounds = (type as? any BoundedBody.Type)?.lengths else { return schema }
        return schema.adding("minItems", bounds.lowerBound > 0 ? .integer(Int64(bounds.lowerBound)) : nil)
            .adding("maxItems", .integer(Int64(bounds.upperBound)))
    }

    /// The file and its fields, as one form.
    private static func form(_ form: any FileFormBody.Type, _ schemas: inout SchemaComponents) throws -> JSONTree {
        let fields = try schemas.fields(of: form.fields)
        let file = JSONTree.members([
            "type": "string", "format": "binary", "description": "The file; its name is the name of the document.",
        ])
        let properties = try fields.map { field in
            var plain = field
            plain.isOptional = false
            return JSONTree.Member(name: field.name, value: try schemas.property(plain, .request))
        }
        let schema = JSONTree.members([
            "type": "object",
            "properties": .object([JSONTree.Member(name: FileFormPart.file, value: file)] + properties),
            "required": .strings([FileFormPart.file] + fields.filter { !$0.isOptional }.map(\.name)),
        ])
        return .members([
            "required": true, "content": .members(["multipart/form-data": .members(["schema": schema])]),
        ])
    }

    private func successes(_ components: inout Components) throws -> [JSONTree.Member] {
        var headers = commonHeaders(&components)
        var members: [JSONTree.Member] = []
        if isTagged || isVersioned {
            headers.append(JSONTree.Member(name: "ETag", value: components.header("ETag", SharedParts.etag)))
        }
        if endpoint.operation.response.isDated {
            headers.append(
                JSONTree.Member(
                    name: "X-Recorded-At", value: components.header("X-Recorded-At", SharedParts.recordedAt)))
        }
        if isTagged {
            members.append(
                JSONTree.Member(
                    name: "304",
                    value: .members([
                        "description": "Not changed since the ETag of If-None-Match.", "headers": .object(headers),
                    ])))
        }
        let (content, isPaged) = try content(endpoint.operation.response, &components.schemas)
        if isPaged {
            headers += SharedParts.list.map {
                JSONTree.Member(name: $0.name, value: components.header($0.name, $0.value))
            }
        }
        let success = JSONTree.members([
            "description": .string(endpoint.text.summary), "headers": .object(headers),
            "content": endpoint.status == 204 ? nil : content,
        ])
        if case .ranged = endpoint.operation.response {
            let part = success.without("description").adding("description", "The part that Range asked for.")
            members.append(JSONTree.Member(name: "206", value: part))
        }
        return [JSONTree.Member(name: String(endpoint.status), value: success)] + members
    }

    private func content(
        _ response: ResponseDescription, _ schemas: inout SchemaComponents
    ) throws -> (JSONTree, isPaged: Bool) {
        switch response {
        case .tagged(let response), .versioned(let response), .dated(let response):
            return try content(response, &schemas)
        case .page(let response):
            let html = JSONTree.members(["schema": .members(["type": "string"])])
            let (other, isPaged) = try content(response, &schemas)
            return (other.adding("text/html", html), isPaged)
        case .json(let type), .once(let type):
            return (Self.json(try schemas.schema(of: type, for: .response)), false)
        case .list(let type, let isPaged):
            let items = try schemas.schema(of: type, for: .response)
            return (Self.json(.members(["type": "array", "items": items])), isPaged)
        case .nothing: return (.members([:]), false)
        case .text:
            let sentence = JSONTree.members(["schema": .members(["type": "string"])])
            return (.members(["text/plain": sentence]), false)
        case .binary(let contentType), .ranged(let contentType):
            let file = JSONTree.members(["schema": .members(["type": "string", "format": "binary"])])
            return (.object([JSONTree.Member(name: contentType, value: file)]), false)
        }
    }

    /// What every response of the operation carries.
    private func commonHeaders(_ components: inout Components) -> [JSONTree.Member] {
        let parts = SharedParts.always + (endpoint.limits == nil ? [] : SharedParts.limits)
        return parts.map { JSONTree.Member(name: $0.name, value: components.header($0.name, $0.value)) }
    }

    /// Every error status the operation can answer, each with its codes.
    private func failures(_ components: inout Components) throws -> [JSONTree.Member] {
        let failures = OperationFailures(endpoint, isReplayable: isReplayable)
        let headers = commonHeaders(&components)
        return try failures.byStatus.map { status, problems in
            JSONTree.Member(
                name: String(status),
                value: try components.failure(
                    status, problems, of: failures, headers: headers))
        }
    }

    static func json(_ schema: JSONTree) -> JSONTree {
        .members(["application/json": .members(["schema": schema])])
    }
}
