import CareSyncCore

/// The named schemas of the document, gathered while operations are written.
struct SchemaComponents {
    /// In a response every field is present; in a request an optional one may be missing.
    enum Direction { case request, response }

    enum Mistake: Error, CustomStringConvertible {
        case emptyObject(String)
        case unknownUnion(String)

        var description: String {
            switch self {
            case .emptyObject(let name): "The type \(name) has no properties."
            case .unknownUnion(let name): "Nobody says which shapes \(name) has."
            }
        }
    }

    private let texts: DocumentTexts
    private var named: [String: JSONTree] = [:]
    /// The names of the types being described, for those that contain themselves.
    private var open: [String: String] = [:]

    init(_ texts: DocumentTexts = DocumentTexts(title: "", version: "")) {
        self.texts = texts
    }

    var tree: JSONTree {
        .object(named.sorted { $0.key < $1.key }.map { JSONTree.Member(name: $0.key, value: $0.value) })
    }

    /// The schema of a type: a reference for an object or an enumeration, the schema itself for anything else.
    mutating func schema(of type: any Decodable.Type, for direction: Direction) throws -> JSONTree {
        try schema(try SchemaRecorder.record(type), direction)
    }

    /// The fields of a parameter type.
    func fields(of type: any Decodable.Type) throws -> [RecordedType.Field] {
        guard case .object(_, let fields) = try SchemaRecorder.record(type) else { return [] }
        return fields
    }

    mutating func schema(_ type: RecordedType, _ direction: Direction) throws -> JSONTree {
        switch type {
        case .scalar(let wireType): Self.scalar(wireType, hasExample: hasExample(wireType, direction))
        case .enumeration(let name, let values): enumeration(name, values)
        case .list(let element): .members(["type": "array", "items": try schema(element, direction)])
        case .dictionary(let value):
            .members(["type": "object", "additionalProperties": try schema(value, direction)])
        case .reference(let name): Self.reference(open[name] ?? name)
        case .object(let name, let fields): try object(name, fields, direction)
        case .union(let name): try union(name)
        }
    }

    /// A component that no Swift type describes.
    mutating func define(_ name: String, _ schema: JSONTree) -> JSONTree {
        named[name] = schema
        return Self.reference(name)
    }

    private mutating func enumeration(_ typeName: String, _ values: [String]) -> JSONTree {
        let name = texts.names[typeName] ?? typeName
        let schema = JSONTree.members([
            "type": "string", "description": texts.components[name].map(JSONTree.string), "enum": .strings(values),
        ])
        guard let known = named[name], known != schema else { return define(name, schema) }
        return schema
    }

    private mutating func union(_ name: String) throws -> JSONTree {
        guard let union = texts.unions[name] else { throw Mistake.unknownUnion(name) }
        let shapes = try union.shapes.map { (value: $0.value, schema: try schema(of: $0.type, for: .response)) }
        let mapping = shapes.compactMap { shape in
            shape.schema["$ref"].map { JSONTree.Member(name: shape.value, value: $0) }
        }
        return define(
            name,
            .members([
                "description": texts.components[name].map(JSONTree.string),
                "oneOf": .array(shapes.map(\.schema)),
                "discriminator": .members([
                    "propertyName": .string(union.discriminator), "mapping": .object(mapping),
                ]),
            ]))
    }

    private mutating func object(
        _ name: String, _ fields: [RecordedType.Field], _ direction: Direction
    ) throws -> JSONTree {
        guard !fields.isEmpty else { throw Mistake.emptyObject(name) }
        // A type that goes both ways differs in what is required, and features may give two types one name: the second
        // one gets a name of its own.
        let enclosing = open[name]
        defer { open[name] = enclosing }
        var candidate = name
        var attempt = 0
        while true {
            open[name] = candidate
            let schema = try objectSchema(name, fields, direction)
            if named[candidate] == nil || named[candidate] == schema {
                named[candidate] = schema
                return Self.reference(candidate)
            }
            attempt += 1
            candidate = name + (direction == .request ? "Request" : "Response") + (attempt > 1 ? String(attempt) : "")
        }
    }

    private mutating func objectSchema(
        _ name: String, _ fields: [RecordedType.Field], _ direction: Direction
    ) throws -> JSONTree {
        let properties = try fields.map {
            JSONTree.Member(name: $0.name, value: try property($0, direction))
        }
        let required = fields.filter { direction == .response || !$0.isOptional }.map(\.name)
        return JSONTree.members([
            "type": "object", "description": texts.components[name].map(JSONTree.string),
            "properties": .object(properties), "required": required.isEmpty ? nil : .strings(required),
        ])
    }

    mutating func property(_ field: RecordedType.Field, _ direction: Direction) throws -> JSONTree {
        var schema = try schema(field.type, direction)
        for rule in field.rules { schema = Self.apply(rule, to: schema) }
        if field.isOptional { schema = Self.nullable(schema) }
        // What stands beside a reference is dropped by some readers; the component has a text of its own.
        guard schema["$ref"] == nil else { return schema }
        let note = field.note ?? texts.glossary[field.name]
        return
            schema
            .adding("description", text(of: field, note, schema).map(JSONTree.string))
            .adding("default", note?.standard?.tree)
            .adding("examples", (note?.example?.tree).map { .array([$0]) })
    }

    /// The note, and what the value is where the note does not say it.
    private func text(of field: RecordedType.Field, _ note: FieldNote?, _ schema: JSONTree) -> String? {
        var sentences: [String] = []
        if let note { sentences.append(note.text) }
        sentences += field.rules.compactMap(\.text)
        if case .string(let text) = schema["description"], !sentences.contains(text) { sentences.append(text) }
        return sentences.isEmpty ? nil : sentences.joined(separator: " ")
    }

    private func hasExample(_ type: WireType, _ direction: Direction) -> Bool {
        !type.isMoment || direction == .response || open.count > 1
    }

    static func reference(_ name: String) -> JSONTree {
        .members(["$ref": .string("#/components/schemas/\(name)")])
    }

    private static func scalar(_ type: WireType, hasExample: Bool) -> JSONTree {
        .members([
            "type": .string(type.kind.rawValue), "format": type.format.map(JSONTree.string),
            "minimum": type.minimum.map(JSONTree.integer), "maximum": type.maximum.map(JSONTree.integer),
            "pattern": type.pattern.map(JSONTree.string), "description": type.text.map(JSONTree.string),
            "examples": type.kind == .string && hasExample ? type.example.map { .strings([$0]) } : nil,
        ])
    }

    private static func apply(_ rule: RecordedType.FieldRule, to schema: JSONTree) -> JSONTree {
        schema
            .adding("minLength", rule.minimumLength.map { .integer(Int64($0)) })
            .adding("maxLength", rule.maximumLength.map { .integer(Int64($0)) })
            .adding("minItems", rule.minimumItems.map { .integer(Int64($0)) })
            .adding("maxItems", rule.maximumItems.map { .integer(Int64($0)) })
            .adding("minimum", rule.minimum.map(JSONTree.integer))
            .adding("maximum", rule.maximum.map(JSONTree.integer))
            .adding("enum", rule.values.map { .array($0.map(JSONTree.integer)) })
            .adding("enum", rule.words.map(JSONTree.strings))
            .adding("anyOf", rule.formats.map { .array($0.map { .members(["format": .string($0)]) }) })
            .adding("pattern", rule.pattern.map(JSONTree.string))
            .adding("format", rule.format.map(JSONTree.string))
    }

    private static func nullable(_ schema: JSONTree) -> JSONTree {
        if case .string(let type) = schema["type"] {
            guard case .object(let members) = schema else { return schema }
            return .object(
                members.map { member in
                    member.name == "type"
                        ? JSONTree.Member(name: "type", value: .strings([type, "null"])) : member
                })
        }
        return .members(["anyOf": .array([schema, .members(["type": "null"])])])
    }
}
