import CareSyncCore
import Foundation
import JSONCoding
import Testing

@testable import WebAPI

@Suite("Schemas of types")
struct SchemaTests {
    private struct Everything: Codable, Validated {
        var id: PatientID
        var text: String?
        var number: Double
        var amount: Money
        var decimal: Decimal
        var flag: Bool?
        var day: LocalDate
        var moment: Instant?
        var reading: LocalDateTime
        var client: ClientDateTime
        var clock: LocalTime
        var shade: Shade?
        var list: [Inner]
        var optionalList: [String?]?
        var table: [String: Inner]
        var inner: Inner?
        var age: Int?

        static let rules: [Rule<Self>] = [
            .maxLength("text", \.text, 5), .range("age", \.age, 0...9),
            Rule("text", .pattern("^a")) { _ in nil }, Rule("age", .described("Full years.")) { _ in nil },
        ]
    }

    private struct Inner: Codable { var value: Int }
    private enum Shade: String, Codable, CaseIterable {
        case light = "LIGHT"
        case dark = "DARK"
    }

    private struct Tree: Codable {
        var name: String
        var children: [Tree]
        var parent: Boxed?
    }
    private struct Boxed: Codable { var trees: [Tree]? }

    private struct Change: Decodable {
        var name: Patch<String>
        var shade: Patch<Shade>
    }

    private enum Other { struct Inner: Codable { var text: String } }
    private enum Third { struct Inner: Codable { var text: String? } }

    private func fields(_ type: any Decodable.Type) throws -> [String: RecordedType.Field] {
        guard case .object(_, let fields) = try SchemaRecorder.record(type) else { return [:] }
        return Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0) })
    }

    @Test("every kind of field is recorded with its type, in the order of declaration")
    func everything() throws {
        guard case .object("Everything", let list) = try SchemaRecorder.record(Everything.self) else {
            Issue.record("no object")
            return
        }
        #expect(list.map(\.name).first == "id")
        #expect(list.map(\.name).last == "age")
        #expect(list.count == 17)
        #expect(
            list.filter(\.isOptional).map(\.name)
                == ["text", "flag", "moment", "shade", "optionalList", "inner", "age"])
        let fields = try fields(Everything.self)
        #expect(fields["id"]?.type == .scalar(PatientID.wireType))
        #expect(fields["amount"]?.type == .scalar(Money.wireType))
        #expect(fields["day"]?.type == .scalar(LocalDate.wireType))
        #expect(fields["shade"]?.type == .enumeration(name: "Shade", ["LIGHT", "DARK"]))
        let inner = RecordedType.object(
            name: "Inner",
            fields: [.init(name: "value", type: .scalar(WireType(.integer, format: "int64")), isOptional: false)])
        #expect(fields["list"]?.type == .list(inner))
        #expect(fields["table"]?.type == .dictionary(inner))
        #expect(fields["inner"]?.type == inner)
        #expect(fields["optionalList"]?.type == .list(.scalar(WireType(.string))))
    }

    @Test("rules appear beside the fields they are about")
    func rules() throws {
        let fields = try fields(Everything.self)
        #expect(fields["text"]?.rules.map(\.maximumLength) == [5, nil])
        #expect(fields["text"]?.rules.last?.pattern == "^a")
        #expect(fields["age"]?.rules.first?.maximum == 9)
        #expect(fields["age"]?.rules.last?.text == "Full years.")
        var schemas = SchemaComponents()
        _ = try schemas.schema(of: Everything.self, for: .request)
        let text = schemas.tree["Everything"]?["properties"]?["text"]
        #expect(text?["maxLength"] == 5)
        #expect(text?["pattern"] == "^a")
        #expect(text?["type"] == ["string", "null"])
    }

    @Test("a type that contains itself refers to itself")
    func recursion() throws {
        var schemas = SchemaComponents()
        let schema = try schemas.schema(of: Tree.self, for: .response)
        #expect(schema["$ref"] == "#/components/schemas/Tree")
        let children = schemas.tree["Tree"]?["properties"]?["children"]
        #expect(children?["items"]?["$ref"] == "#/components/schemas/Tree")
        #expect(schemas.tree["Boxed"] != nil)
    }

    @Test("fields of a partial update are optional")
    func patch() throws {
        let fields = try fields(Change.self)
        #expect(fields["name"]?.type == .scalar(WireType(.string)))
        #expect(fields["shade"]?.type == .enumeration(name: "Shade", ["LIGHT", "DARK"]))
        #expect(fields.values.map(\.isOptional) == [true, true])
    }

    @Test("types of one name get schemas of their own, a type that goes both ways too")
    func names() throws {
        var schemas = SchemaComponents()
        var references: [JSONTree?] = []
        for type in [Inner.self, Other.Inner.self, Third.Inner.self, Inner.self, Third.Inner.self]
            as [any Decodable.Type]
        {
            references.append(try schemas.schema(of: type, for: .response)["$ref"])
        }
        references.append(try schemas.schema(of: Third.Inner.self, for: .request)["$ref"])
        let name = "#/components/schemas/Inner"
        #expect(
            references == [
                .string(name), .string(name + "Response"), .string(name + "Response2"), .string(name),
                .string(name + "Response2"), .string(name + "Request"),
            ])
        #expect(schemas.tree["InnerRequest"]?["required"] == nil)
        #expect(schemas.tree["InnerResponse2"]?["required"] == ["text"])
    }

    @Test("a recursive type under a second name refers to that name")
    func recursionAndDirection() throws {
        struct Node: Codable {
            var next: [Node]?
        }
        var schemas = SchemaComponents()
        _ = try schemas.schema(of: Node.self, for: .request)
        _ = try schemas.schema(of: Node.self, for: .response)
        let next = schemas.tree["NodeResponse"]?["properties"]?["next"]
        #expect(next?["items"]?["$ref"] == "#/components/schemas/NodeResponse")
    }

    @Test("a type without a schema is a mistake that is named")
    func impossible() {
        struct Wrong: Decodable { var url: URL }
        #expect(throws: SchemaRecorder.Failure.self) { try SchemaRecorder.record(Wrong.self) }
    }
}

extension JSONTree: ExpressibleByArrayLiteral {
    init(arrayLiteral elements: JSONTree...) { self = .array(elements) }
}
