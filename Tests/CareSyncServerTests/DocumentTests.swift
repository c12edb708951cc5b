import CareSyncTesting
import Foundation
import Testing
import WebAPI

@testable import CareSyncServer

@Suite("API documents")
struct DocumentTests {
    @Test("the server shows the document that the command prints, and it is the same each time")
    func sameDocument() async throws {
        let printed = try await Program.openAPI()
        #expect(try await Program.openAPI() == printed)
        try await withApp { app in
            let shown = try await app.get("/v3/api-docs")
            #expect(shown.status == 200)
            #expect(shown.text == printed)
            #expect(shown["openapi"].string == "3.1.0")
        }
    }

    @Test("every route is described, and nothing else")
    func allRoutes() async throws {
        try await withApp { app in
            let paths = try await app.get("/v3/api-docs")["paths"]
            let described = paths.keys.flatMap { path -> [String] in
                guard case .object(let members) = paths, let operations = members[path] else { return [] }
                return operations.keys.map { "\($0.uppercased()) \(path)" }
            }
            #expect(described.sorted() == app.system.endpoints.map(\.route).sorted())
        }
    }

    @Test("an installation may hide them")
    func hidden() async throws {
        try await withApp(environment: ["CARESYNC_API_DOCS": "off"]) { app in
            for path in ["/v3/api-docs", "/swagger-ui", "/swagger-ui.html", "/swagger-ui/index.html"] {
                let answer = try await app.get(path)
                #expect(answer.status == 404)
            }
        }
    }

    @Test("in development the start leads to the addresses that matter, without those that are switched off")
    func start() async throws {
        try await withApp { app in
            let page = try await app.get("/")
            #expect(page.status == 200)
            #expect(page.header("Content-Type") == "text/html; charset=utf-8")
            for path in ["/v3/api-docs", "/health/live", "/health/ready"] {
                #expect(page.text.contains("href=\"\(path)\""))
                #expect(try await app.get(path).status == 200)
            }
        }
        try await withApp(environment: ["CARESYNC_API_DOCS": "off"]) { app in
            let page = try await app.get("/")
            #expect(!page.text.contains("api-docs"))
        }
    }

    @Test("Swagger UI's files are found from the executable on, whatever folder it was started in")
    func swaggerFiles() {
        let executable = URL(fileURLWithPath: "/src/caresync/.build/x86_64-unknown-linux-gnu/debug")
        func found(_ present: String) -> String? {
            DocumentPages.swaggerDirectory(from: executable) { $0 == present + "/swagger-ui-bundle.js" }
        }
        for folder in [
            executable.path + "/swagger-ui", "/src/caresync/.tools/swagger-ui", "/usr/share/caresync/swagger-ui",
        ] {
            #expect(found(folder) == folder)
        }
        #expect(found("/elsewhere/swagger-ui") == nil)
    }

    private static func document() async throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(try await Program.openAPI().utf8))
        return try #require(value as? [String: Any])
    }

    private static func operations(_ document: [String: Any]) throws -> [(name: String, operation: [String: Any])] {
        let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
        return paths.flatMap { path, methods in methods.map { ("\($0.key) \(path)", $0.value) } }
    }

    @Test("every operation says who may call it and belongs to a chapter that is described")
    func descriptions() async throws {
        let document = try await Self.document()
        let tags = try #require(document["tags"] as? [[String: String]])
        #expect(tags.allSatisfy { $0["description"]?.isEmpty == false })
        let chapters = Set(tags.compactMap { $0["name"] })
        var used: Set<String> = []
        for (name, operation) in try Self.operations(document) {
            let text = operation["description"] as? String ?? ""
            let access = try #require(operation["x-access"] as? [String])
            let callers =
                switch access {
                case ["PUBLIC"]: ["Anyone", "Whoever"]
                case ["ANY"]: ["Any account"]
                default: ["Patient", "Doctor", "Verified doctor", "Administrator", "Any account", "The doctor"]
                }
            #expect(callers.contains { text.hasPrefix($0) }, "\(name): \(text)")
            for tag in operation["tags"] as? [String] ?? [] { used.insert(tag) }
        }
        #expect(used == chapters)
    }

    @Test("every parameter and every property has a sentence, unless it is a component with one of its own")
    func sentences() async throws {
        let document = try await Self.document()
        for (name, operation) in try Self.operations(document) {
            for parameter in operation["parameters"] as? [[String: Any]] ?? [] where parameter["$ref"] == nil {
                let isComponent = (parameter["schema"] as? [String: Any])?["$ref"] != nil
                #expect(isComponent || parameter["description"] != nil, "\(name) \(parameter["name"] ?? "")")
            }
        }
        let components = try #require(document["components"] as? [String: [String: [String: Any]]])
        for (name, schema) in try #require(components["schemas"]) {
            for (field, property) in schema["properties"] as? [String: [String: Any]] ?? [:] {
                let inner = (property["items"] as? [String: Any]) ?? property
                #expect(
                    inner["$ref"] != nil || property["anyOf"] != nil || property["description"] != nil,
                    "\(name).\(field)")
            }
        }
    }

    @Test("no schema is an object without properties, and none is a string that stands for a moment")
    func shapes() async throws {
        let components = try #require(
            try await Self.document()["components"] as? [String: [String: [String: Any]]])
        for (name, schema) in try #require(components["schemas"]) {
            if schema["type"] as? String == "object" {
                let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
                #expect(!properties.isEmpty, "\(name)")
                for (field, property) in properties where field.hasSuffix("At") || field.hasSuffix("DateTime") {
                    let isScalar = property["format"] != nil || property["pattern"] != nil
                    #expect(isScalar, "\(name).\(field)")
                }
            }
        }
        // A sentence with a number tells of one that makes sense.
        for (code, example) in try #require(components["examples"]) {
            let summary = try #require(example["summary"] as? String)
            #expect(!summary.contains(" 0"), "\(code): \(summary)")
        }
        let user = try #require(components["schemas"]?["SessionUser"])
        #expect((user["oneOf"] as? [[String: String]])?.count == 3)
        let discriminator = try #require(user["discriminator"] as? [String: Any])
        #expect(discriminator["propertyName"] as? String == "role")
        // A generated client picks the shape by the role, so each shape has one role and a component that nothing else is.
        let mapping = try #require(discriminator["mapping"] as? [String: String])
        #expect(mapping.keys.sorted() == ["ADMIN", "DOCTOR", "PATIENT"])
        for (role, reference) in mapping {
            let shape = components["schemas"]?[String(reference.split(separator: "/").last ?? "")]
            let property = (shape?["properties"] as? [String: [String: Any]])?["role"]
            let named = (property?["$ref"] as? String)?.split(separator: "/").last.map(String.init) ?? ""
            #expect(components["schemas"]?[named]?["enum"] as? [String] == [role], "\(reference)")
        }
        #expect(mapping["ADMIN"] != "#/components/schemas/UserSummaryResponse")
    }
}
