import CareSyncCore

/// What operations share: schemas, responses, headers, parameters and examples, gathered while operations are written.
struct Components {
    var schemas: SchemaComponents
    private let texts: DocumentTexts
    private var headers: [String: JSONTree] = [:]
    private var parameters: [String: JSONTree] = [:]
    private var responses: [String: JSONTree] = [:]
    private var examples: [String: JSONTree] = [:]
    /// Every code of the document with its status and its sentence.
    private(set) var codes: [String: (status: Int, message: String)] = [:]

    /// How often each response was written, by name.
    private var tally: [String: [JSONTree: Int]] = [:]
    private let frequent: [String: JSONTree]

    /// - Parameter frequent: the responses to share, found by writing all operations once before.
    init(_ texts: DocumentTexts, frequent: [String: JSONTree] = [:]) {
        self.texts = texts
        self.frequent = frequent
        schemas = SchemaComponents(texts)
        for problem in [Problem.unknownRoute, .methodNotAllowed, .headersTooLarge] { note(problem) }
    }

    mutating func tree() throws -> JSONTree {
        _ = schemas.define(
            "ProblemCode",
            .members([
                "type": "string", "description": texts.components["ProblemCode"].map(JSONTree.string),
                "enum": .strings(codes.keys.sorted()),
            ]))
        _ = try schemas.schema(of: ProblemBody.self, for: .response)
        return .members([
            "schemas": schemas.tree, "responses": Self.sorted(responses), "parameters": Self.sorted(parameters),
            "examples": Self.sorted(examples), "headers": Self.sorted(headers),
            "securitySchemes": .members([
                "bearer": .members([
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "The access token of sign-in, registration or refresh. It is valid for 15 minutes.",
                ])
            ]),
        ])
    }

    /// A table of the codes, in Markdown.
    var codeTable: String {
        let rows = codes.sorted { ($0.value.status, $0.key) < ($1.value.status, $1.key) }
        return "| status | code | meaning |\n|---|---|---|\n"
            + rows.map { "| \($0.value.status) | `\($0.key)` | \($0.value.message) |" }.joined(separator: "\n")
    }

    mutating func header(_ name: String, _ header: JSONTree) -> JSONTree {
        headers[name] = header
        return .members(["$ref": .string("#/components/headers/\(name)")])
    }

    mutating func parameter(_ name: String, _ parameter: JSONTree) -> JSONTree {
        parameters[name] = parameter
        return .members(["$ref": .string("#/components/parameters/\(name)")])
    }

    /// `page` and `size` are the same wherever they are.
    mutating func pagingParameter(_ name: String) -> JSONTree? {
        switch name {
        case "page": parameter("Page", SharedParts.page)
        case "size": parameter("Size", SharedParts.size)
        default: nil
        }
    }

    func text(of field: RecordedType.Field) -> String? { (field.note ?? texts.glossary[field.name])?.text }

    /// The response to some problems of one status. Those of one code, and the most common ones, are shared.
    mutating func failure(
        _ status: Int, _ problems: [Problem], of operation: OperationFailures, headers: [JSONTree.Member]
    ) throws -> JSONTree {
        var headers = headers
        if status == 401 { headers.append(member(SharedParts.authenticate)) }
        if problems.contains(where: { $0.retryAfter != nil }) { headers.append(member(SharedParts.retryAfter)) }
        for problem in problems { note(problem) }
        let response = JSONTree.members([
            "description": .string(problems.map { "`\($0.code)`: \($0.message)" }.joined(separator: "\n\n")),
            "headers": .object(headers),
            "content": .members([
                "application/json": .members([
                    "schema": try schema(problems, of: operation),
                    "examples": .object(
                        problems.map { problem in
                            JSONTree.Member(
                                name: problem.code,
                                value: .members(["$ref": .string("#/components/examples/\(problem.code)")]))
                        }),
                ])
            ]),
        ])
        return shared(response, Self.name(problems))
    }

    private mutating func member(_ part: SharedParts.Part) -> JSONTree.Member {
        JSONTree.Member(name: part.name, value: header(part.name, part.value))
    }

    /// The most frequent response of a name is shared; another one under the same name stands where it is used.
    private mutating func shared(_ response: JSONTree, _ name: String) -> JSONTree {
        tally[name, default: [:]][response, default: 0] += 1
        guard frequent[name] == response else { return response }
        responses[name] = response
        return .members(["$ref": .string("#/components/responses/\(name)")])
    }

    /// For each name the response that was written most often.
    var mostFrequent: [String: JSONTree] {
        tally.compactMapValues { counts in
            counts.filter { $0.value > 1 }.max { ($0.value, $1.key.text) < ($1.value, $0.key.text) }?.key
        }
    }

    /// Of one problem its code, such as `DoctorNotFound`; of several their status, such as `Conflict`.
    private static func name(_ problems: [Problem]) -> String {
        guard problems.count == 1 else {
            return problems.first.map { "\($0.kind)" }.map { $0.prefix(1).uppercased() + $0.dropFirst() } ?? ""
        }
        return problems[0].code.split(separator: "_").map { $0.prefix(1) + $0.dropFirst().lowercased() }.joined()
    }

    /// The error body, with what some of the problems tell beside it. An operation whose every failure gives advice has one
    /// shape for all of them.
    private mutating func schema(_ problems: [Problem], of operation: OperationFailures) throws -> JSONTree {
        if let advised = operation.advisedDetails { return try schema("EmergencyProblem", advised) }
        var shapes: [JSONTree] = []
        for problem in problems where !problem.details.isEmpty {
            let schema = try schema(problem.shape ?? "", problem.details)
            if !shapes.contains(schema) { shapes.append(schema) }
        }
        switch shapes.count {
        case 0: return SchemaComponents.reference("Problem")
        case 1: return shapes[0]
        default: return .members(["anyOf": .array(shapes)])
        }
    }

    private mutating func schema(
        _ name: String, _ details: [String: any Encodable & Sendable]
    ) throws -> JSONTree {
        guard !name.isEmpty else { throw Mistake.namelessDetails(details.keys.sorted()) }
        let properties = try details.sorted { $0.key < $1.key }.compactMap { name, value -> JSONTree.Member? in
            guard let type = type(of: value) as? any Decodable.Type else { return nil }
            let field = RecordedType.Field(name: name, type: try SchemaRecorder.record(type), isOptional: false)
            return JSONTree.Member(name: name, value: try schemas.property(field, .response))
        }
        return schemas.define(
            name,
            .members([
                "description": texts.components[name].map(JSONTree.string),
                "allOf": .array([
                    SchemaComponents.reference("Problem"),
                    .members(["type": "object", "properties": .object(properties)]),
                ]),
            ]))
    }

    private mutating func note(_ problem: Problem) {
        guard codes[problem.code] == nil else { return }
        codes[problem.code] = (problem.kind.status, problem.message)
        examples[problem.code] = .members([
            "summary": .string(problem.message),
            "value": .members([
                "error": .string(problem.message), "message": .string(problem.message), "code": .string(problem.code),
                "status": .integer(Int64(problem.kind.status)), "path": "/api/…",
                "timestamp": "2026-03-02T04:00:00Z", "requestId": "5b1f0c9d2e7a-1",
                "fieldErrors": .array(
                    problem.fieldErrors.map {
                        .members(["field": .string($0.field), "message": .string($0.message)])
                    }),
            ]),
        ])
    }

    enum Mistake: Error, CustomStringConvertible {
        case namelessDetails([String])

        var description: String {
            switch self {
            case .namelessDetails(let names): "A problem tells \(names.joined(separator: ", ")) and names no shape."
            }
        }
    }

    private static func sorted(_ members: [String: JSONTree]) -> JSONTree {
        .object(members.sorted { $0.key < $1.key }.map { JSONTree.Member(name: $0.key, value: $0.value) })
    }
}
