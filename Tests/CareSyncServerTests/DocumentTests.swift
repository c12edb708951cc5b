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
            #expect(try await !app.get("/").text.contains("api-docs"))
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
}
