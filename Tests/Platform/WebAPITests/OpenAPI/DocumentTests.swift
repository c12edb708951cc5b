import CareSyncTesting
import Foundation
import HTTPTypes
import Testing
import WebAPI

@Suite("The OpenAPI document")
struct DocumentTests {
    private func document() throws -> OpenAPIDocument {
        try OpenAPIDocument(title: "Toys", version: "1", endpoints: ToyFeature().endpoints)
    }

    private func json() throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(try document().text.utf8))
        return try #require(value as? [String: Any])
    }

    private func operations() throws -> [(path: String, method: String, operation: [String: Any])] {
        let paths = try #require(try json()["paths"] as? [String: [String: [String: Any]]])
        let components = try #require(try json()["components"] as? [String: [String: Any]])
        return paths.flatMap { path, methods in
            methods.map { method, operation in
                var operation = operation
                let responses = operation["responses"] as? [String: [String: Any]]
                operation["responses"] = responses?.mapValues { Self.resolved($0, components) }
                let parameters = operation["parameters"] as? [[String: Any]]
                operation["parameters"] = parameters?.map { Self.resolved($0, components) }
                return (path, method, operation)
            }
        }
    }

    /// What a reference leads to.
    private static func resolved(_ part: [String: Any], _ components: [String: [String: Any]]) -> [String: Any] {
        guard let words = (part["$ref"] as? String)?.split(separator: "/"), words.count == 4 else { return part }
        return components[String(words[2])]?[String(words[3])] as? [String: Any] ?? part
    }

    @Test("every endpoint is there once, in the same text whatever their order")
    func complete() throws {
        let endpoints = ToyFeature().endpoints
        #expect(try operations().count == endpoints.count)
        let text = try document().text
        for _ in 0..<5 {
            let shuffled = try OpenAPIDocument(title: "Toys", version: "1", endpoints: endpoints.shuffled())
            #expect(shuffled.text == text)
        }
        #expect(text.hasSuffix("}\n"))
    }

    @Test("no two operations have one name; the mistake is found at start")
    func operationIDs() throws {
        let names = try operations().compactMap { $0.operation["operationId"] as? String }
        #expect(Set(names).count == ToyFeature().endpoints.count)
        let same = ["/api/toys/by-id", "/api/toys/{id}"].map { path in
            Endpoint.get(path, "Same", access: .public) { (_: EndpointRequest<IDPath<ToyTag>, NoBody>) in
                MessageResponse(message: "")
            }
        }
        #expect(throws: (any Error).self) { try OpenAPIDocument(title: "", version: "", endpoints: same) }
    }

    @Test("every operation lists its failures by status, with the error body")
    func failures() throws {
        for (path, method, operation) in try operations() {
            let responses = try #require(operation["responses"] as? [String: [String: Any]])
            let access = try #require(operation["x-access"] as? [String])
            var expected: Set = ["400", "403", "429", "500", "503"]
            if access != ["PUBLIC"] || path == "/api/names/{name}" { expected.insert("401") }
            if operation["requestBody"] != nil { expected.formUnion(["413", "415"]) }
            #expect(expected.isSubset(of: responses.keys), "\(method) \(path)")
            #expect(responses["default"] == nil)
            let success = try #require(ToyFeature().endpoints.first { $0.route == "\(method.uppercased()) \(path)" })
            #expect(responses.keys.filter { $0 < "300" } == ["\(success.status)"])
            #expect((responses["304"] != nil) == (path == "/api/catalogue"))
            for (status, response) in responses where status >= "400" {
                let schema = try Self.schema(of: response)
                #expect(["Problem", "BrokenToy"].contains(try Self.name(schema)), "\(method) \(path)")
            }
        }
    }

    @Test("what a failure tells beside the error body is a component, where it can be answered and nowhere else")
    func details() throws {
        for (path, method, operation) in try operations() {
            let responses = try #require(operation["responses"] as? [String: [String: Any]])
            for (status, response) in responses where status >= "400" {
                let isToldOf = (response["description"] as? String)?.contains("TOY_BROKEN") == true
                let name = try Self.name(try Self.schema(of: response))
                #expect((name == "BrokenToy") == isToldOf, "\(method) \(path)")
            }
        }
        let components = try #require(try json()["components"] as? [String: [String: Any]])
        let broken = try #require(components["schemas"]?["BrokenToy"] as? [String: Any])
        let parts = try #require(broken["allOf"] as? [[String: Any]])
        #expect(try Self.name(parts[0]) == "Problem")
        #expect((parts[1]["properties"] as? [String: [String: Any]])?["parts"]?["type"] as? String == "integer")
    }

    @Test("every code is listed with its example, and the operations that can answer it name it")
    func codes() throws {
        let components = try #require(try json()["components"] as? [String: [String: Any]])
        let listed = (components["schemas"]?["ProblemCode"] as? [String: Any])?["enum"] as? [String]
        let codes = try #require(listed)
        #expect(Set(codes).isSuperset(of: ["TOY_NOT_FOUND", "TOY_BROKEN", "INTERNAL", "NOT_FOUND"]))
        #expect(try #require(components["examples"]).keys.sorted() == codes)
        let add = try #require(try operations().first { $0.path == "/api/toys" && $0.method == "post" })
        let responses = try #require(add.operation["responses"] as? [String: [String: Any]])
        #expect((responses["409"]?["description"] as? String)?.contains("`TOY_BROKEN`") == true)
        let list = try #require(try operations().first { $0.path == "/api/toys" && $0.method == "get" })
        #expect((list.operation["responses"] as? [String: Any])?["409"] == nil)
    }

    @Test("a type without properties is a mistake that is named")
    func emptyObject() throws {
        struct Nothing: WireResponse {}
        let endpoint = Endpoint.get("/api/nothing", "Nothing", access: .public) {
            (_: EndpointRequest<NoParameters, NoBody>) in Nothing()
        }
        #expect(throws: (any Error).self) { try OpenAPIDocument(title: "", version: "", endpoints: [endpoint]) }
    }

    private static func name(_ schema: [String: Any]) throws -> String {
        String(try #require(schema["$ref"] as? String).dropFirst("#/components/schemas/".count))
    }

    private static func schema(of response: [String: Any]) throws -> [String: Any] {
        let content = try #require(response["content"] as? [String: [String: Any]])
        return try #require(content["application/json"]?["schema"] as? [String: Any])
    }

    @Test("every reference leads somewhere")
    func references() throws {
        let text = try document().text
        let components = try #require(try json()["components"] as? [String: [String: Any]])
        let names = Set(components.flatMap { kind, parts in parts.keys.map { "\(kind)/\($0)" } })
        let references = text.matches(of: /"#\/components\/([A-Za-z]+\/[A-Za-z0-9_-]+)"/).map { String($0.1) }
        #expect(!references.isEmpty)
        #expect(Set(references).isSubset(of: names))
    }

    @Test("security follows the access rule, and a token that may be left out is optional")
    func security() throws {
        for (path, method, operation) in try operations() {
            let security = try #require(operation["security"] as? [[String: Any]])
            switch (path, operation["x-access"] as? [String]) {
            case ("/api/names/{name}", _): #expect(security.map(\.count) == [0, 1])
            case (_, ["PUBLIC"]): #expect(security.isEmpty)
            default: #expect(security.map { Array($0.keys) } == [["bearer"]], "\(method) \(path)")
            }
        }
    }

    @Test("parameters say where they stand and what they may be")
    func parameters() throws {
        let operations = try operations()
        let list = try #require(operations.first { $0.path == "/api/toys" && $0.method == "get" })
        let parameters = try #require(list.operation["parameters"] as? [[String: Any]])
        #expect(
            parameters.compactMap { $0["name"] as? String }
                == ["name", "color", "maxPrice", "limit", "isNew", "madeOn", "page", "size"])
        #expect(parameters.allSatisfy { $0["in"] as? String == "query" && $0["required"] as? Bool == false })
        let size = try #require(parameters.last?["schema"] as? [String: Any])
        #expect(size["maximum"] as? Int == 100)
        let show = try #require(operations.first { $0.path == "/api/toys/{id}" && $0.method == "get" })
        let id = try #require((show.operation["parameters"] as? [[String: Any]])?.first)
        #expect(id["in"] as? String == "path")
        #expect(id["required"] as? Bool == true)
        let add = try #require(operations.first { $0.path == "/api/toys" && $0.method == "post" })
        let header = try #require((add.operation["parameters"] as? [[String: Any]])?.first)
        #expect(header["name"] as? String == "Idempotency-Key")
    }

    @Test("the document's page answers with a tag, and 304 to a client that has it")
    func page() async throws {
        let document = try document()
        try await ToyApp(pages: [document.page(at: "/v3/api-docs")]).test { toys in
            let answer = try await toys.get("/v3/api-docs")
            #expect(answer.text == document.text)
            let tag = try #require(answer.header("ETag"))
            #expect(try await toys.get("/v3/api-docs", headers: ["If-None-Match": tag]).status == 304)
            #expect(try await toys.send(.head, "/v3/api-docs").bytes.isEmpty)
            #expect(try await toys.send(.post, "/v3/api-docs").header("Allow") == "GET, HEAD")
        }
    }
}
