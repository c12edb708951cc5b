import CareSyncCore

/// The named schemas of the document, gathered while operations are written.
struct SchemaComponents {
    /// In a response every field is present; in a request an optional one may be missing.
    enum Direction { case request, response }

    private var named: [String: JSONTree] = [:]
    /// The names of the types being described, for those that contain themselves.
    private var open: [String: String] = [:]

    var tree: JSONTree {
        .object(named.sorted { $0.key < $1.key }.map { JSONTree.Member(name: $0.key, value: $0.value) })
    }

    /// The schema of a type: a reference for an object, the schema itself for anything else.
    mutating func schema(of type: any Decodable.Type, for direction: Direction) throws -> JSONTree {
        schema(try SchemaRecorder.record(type), direction)
    }

    /// The fields of a parameter type.
    func fields(of type: any Decodable.Type) throws -> [RecordedType.Field] {
        guard case .object(_, let fields) = try SchemaRecorder.record(type) else { return [] }
        return fields
    }

    mutating func schema(_ type: RecordedType, _ direction: Direction) -> JSONTree {
        switch type {
        case .scalar(let wireType): Self.scalar(wireType)
        case .enumeration(let names): .members(["type": "string", "enum": .strings(names)])
        case .list(let element): .members(["type": "array", "items": schema(element, direction)])
        case .dictionary(let value): .members(["type": "object", "additionalProperties": schema(value, direction)])
        case .reference(let name): Self.reference(open[name] ?? name)
        case .object(let name, let fields): object(name, fields, direction)
        }
    }

    private mutating func object(_ name: String, _ fields: [RecordedType.Field], _ direction: Direction) -> JSONTree {
        // A type that goes both ways differs in what is required, and features may give two types one name: whichever
        // comes second gets a name of its own.
        let enclosing = open[name]
        defer { open[name] = enclosing }
        var candidate = name
        var attempt = 0
        while true {
            open[name] = candidate
            let schema = objectSchema(fields, direction)
            if named[candidate] == nil || named[candidate] == schema {
                named[candidate] = schema
                return Self.reference(candidate)
            }
            attempt += 1
            candidate = name + (direction == .request ? "Request" : "Response") + (attempt > 1 ? String(attempt) : "")
        }
    }

    private mutating func objectSchema(_ fields: [RecordedType.Field], _ direction: Direction) -> JSONTree {
        let properties = fields.map { JSONTree.Member(name: $0.name, value: property($0, direction)) }
        let required = fields.filter { direction == .response || !$0.isOptional }.map(\.name)
        return JSONTree.members([
            "type": "object", "properties": .object(properties),
            "required": required.isEmpty ? nil : .strings(required),
        ])
    }

    mutating func property(_ field: RecordedType.Field, _ direction: Direction) -> JSONTree {
        var schema = schema(field.type, direction)
        for rule in field.rules { schema = Self.apply(rule, to: schema) }
        return field.isOptional ? Self.nullable(schema) : schema
    }

    private static func reference(_ name: String) -> JSONTree {
        .members(["$ref": .string("#/components/schemas/\(name)")])
    }

    private static func scalar(_ type: WireType) -> JSONTree {
        .members([
            "type": .string(type.kind.rawValue), "format": type.format.map(JSONTree.string),
            "minimum": type.minimum.map(JSONTree.integer), "maximum": type.maximum.map(JSONTree.integer),
            "examples": type.kind == .string ? type.example.map { .strings([$0]) } : nil,
        ])
    }

    private static func apply(_ rule: RecordedType.FieldRule, to schema: JSONTree) -> JSONTree {
        schema
            .adding("minLength", rule.minimumLength.map { .integer(Int64($0)) })
            .adding("maxLength", rule.maximumLength.map { .integer(Int64($0)) })
            .adding("minimum", rule.minimum.map(JSONTree.integer))
            .adding("maximum", rule.maximum.map(JSONTree.integer))
            .adding("pattern", rule.pattern.map(JSONTree.string))
            .adding("format", rule.format.map(JSONTree.string))
            .adding("description", rule.text.map(JSONTree.string))
    }

    private static func nullable(_ schema: JSONTree) -> JSONTree {
        if case .string(let type) = schema["type"] {
            guard case .object(let members) = schema else { return schema }
            return .object(
                members.map { member in
                    switch member.name {
                    case "type": JSONTree.Member(name: "type", value: .strings([type, "null"]))
                    case "enum": JSONTree.Member(name: "enum", value: Self.withNull(member.value))
                    default: member
                    }
                })
        }
        return .members(["anyOf": .array([schema, .members(["type": "null"])])])
    }

    private static func withNull(_ names: JSONTree) -> JSONTree {
        guard case .array(let items) = names else { return names }
        return .array(items + [.null])
    }
}
