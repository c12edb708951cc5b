import CareSyncCore
import Foundation

/// Derives schemas from `Codable` structs: it acts as the decoder and records what is read.
enum SchemaRecorder {
    enum Failure: Error, CustomStringConvertible {
        case cannotRecord(String)
        case noSuchField(String, type: String)

        var description: String {
            switch self {
            case .noSuchField(let field, let type): "The notes of \(type) tell of \(field), which it does not have."
            case .cannotRecord(let type): "The type \(type) does not decode from samples, so it has no schema."
            }
        }
    }

    static func record(_ type: any Decodable.Type) throws -> RecordedType {
        try record(type, enclosing: []).type
    }

    /// The shape of a type and a sample value of it.
    static func record<Value: Decodable>(
        _ type: Value.Type, enclosing: [ObjectIdentifier]
    ) throws -> (type: RecordedType, sample: Value) {
        if let scalar = type as? any WireScalar.Type, let sample = scalar.sample as? Value {
            return (.scalar(scalar.wireType), sample)
        }
        if let union = type as? any UnionResponse.Type, let sample = union.unionSample as? Value {
            return (.union(union.unionName), sample)
        }
        if let component = type as? any ComponentReference.Type, let sample = component.sample as? Value {
            return (.reference(component.componentName), sample)
        }
        if let lenient = type as? any DescribedAs.Type, let sample = lenient.sample as? Value {
            return (try record(lenient.described, enclosing: enclosing).type, sample)
        }
        if let enumeration = type as? any CaseIterable.Type, let cases = names(of: enumeration),
            let first = cases.values.first as? Value
        {
            return (.enumeration(name: typeName(type), cases.names), first)
        }
        if let list = type as? any RecordableList.Type, let empty = list.empty as? Value {
            return (.list(try element(list.element, enclosing)), empty)
        }
        if let dictionary = type as? any RecordableDictionary.Type, let empty = dictionary.empty as? Value {
            return (.dictionary(try element(dictionary.element, enclosing)), empty)
        }
        if let plain = plain(type) { return plain }
        let name = typeName(type)
        let recorder = RecordingDecoder(enclosing: enclosing + [ObjectIdentifier(type)])
        guard let value = try? Value(from: recorder) else { throw Failure.cannotRecord(name) }
        if let single = recorder.single { return (single, value) }
        return (.object(name: name, fields: try withNotes(withRules(recorder.fields, of: type), of: type)), value)
    }

    private static func element(_ type: any Decodable.Type, _ enclosing: [ObjectIdentifier]) throws -> RecordedType {
        enclosing.contains(ObjectIdentifier(type))
            ? .reference(typeName(type)) : try record(type, enclosing: enclosing).type
    }

    private static func plain<Value>(_ type: Value.Type) -> (RecordedType, Value)? {
        let candidates: [(WireType, Any)] = [
            (WireType(.string), ""), (WireType(.boolean), false), (WireType(.integer, format: "int64"), Int64(1)),
            (WireType(.integer, format: "int64"), Int(1)), (WireType(.integer, format: "int32"), Int32(1)),
            (WireType(.number, format: "double"), Double(1)), (WireType(.number, format: "decimal"), Decimal(1)),
        ]
        for (wireType, sample) in candidates {
            if let value = sample as? Value, Swift.type(of: sample) == type { return (.scalar(wireType), value) }
        }
        return nil
    }

    private static func names<Cases: CaseIterable>(of type: Cases.Type) -> (names: [String], values: [Any])? {
        let values = Array(type.allCases)
        let names = values.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
        return names.count == values.count ? (names, values) : nil
    }

    private static func withRules(_ fields: [RecordedType.Field], of type: Any.Type) -> [RecordedType.Field] {
        guard let validated = type as? any Validated.Type else { return fields }
        let rules = rules(of: validated)
        return fields.map { field in
            var field = field
            field.rules = rules.filter { $0.field == field.name }.map(\.rule)
            return field
        }
    }

    private static func withNotes(_ fields: [RecordedType.Field], of type: Any.Type) throws -> [RecordedType.Field] {
        var notes = (type as? any Documented.Type)?.notes ?? [:]
        if let unknown = notes.keys.sorted().first(where: { name in !fields.contains { $0.name == name } }) {
            throw Failure.noSuchField(unknown, type: typeName(type))
        }
        if type is any PagedParameters.Type { notes.merge(paging) { own, _ in own } }
        return fields.map { field in
            var field = field
            field.note = notes[field.name]
            return field
        }
    }

    private static let paging: [String: FieldNote] = [
        "page": FieldNote("Which page, counted from 0. Without page and size the list is whole, cut at 500 rows."),
        "size": FieldNote("Rows of a page; 20 when only page is given."),
    ]

    private static func rules<Subject: Validated>(
        of type: Subject.Type
    ) -> [(field: String, rule: RecordedType.FieldRule)] {
        type.rules.map { (field: $0.field, rule: RecordedType.FieldRule($0.constraint)) }
    }

    static func typeName(_ type: Any.Type) -> String {
        if let named = type as? any NamedResponse.Type { return named.schemaName }
        return plainName(type)
    }

    private static func plainName(_ type: Any.Type) -> String {
        "\(type)".filter { $0.isLetter || $0.isNumber }
    }
}

protocol RecordableList {
    static var empty: Self { get }
    static var element: any Decodable.Type { get }
}

extension Array: RecordableList where Element: Decodable {
    static var empty: [Element] { [] }
    static var element: any Decodable.Type { Element.self }
}

protocol RecordableDictionary {
    static var empty: Self { get }
    static var element: any Decodable.Type { get }
}

extension Dictionary: RecordableDictionary where Key == String, Value: Decodable {
    static var empty: [String: Value] { [:] }
    static var element: any Decodable.Type { Value.self }
}
