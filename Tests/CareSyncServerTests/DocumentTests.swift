import CareSyncServer
import CareSyncTesting
import Testing
import WebAPI

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
}
