import Foundation
import HTTPTypes
import Testing
import WebAPI

@Suite("Swagger UI")
struct SwaggerUITests {
    private static let files = [
        "swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "favicon-32x32.png",
    ]

    private func withFiles(_ names: [String], _ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("swagger-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }  // A folder that stays does no harm.
        for name in names { try Data(name.utf8).write(to: folder.appendingPathComponent(name)) }
        try await body(folder.path)
    }

    @Test("its pages load nothing from elsewhere, and a notice is shown as text")
    func pages() async throws {
        try await withFiles(Self.files) { folder in
            let pages = SwaggerUI.pages(directory: folder, document: "/v3/api-docs", notice: "<b>Demo</b>")
            try await ToyApp(pages: pages).test { toys in
                for path in ["/swagger-ui", "/swagger-ui.html", "/swagger-ui/index.html"] {
                    let page = try await toys.get(path)
                    #expect(page.header("Content-Type") == "text/html; charset=utf-8")
                    #expect(page.header("Content-Security-Policy")?.hasPrefix("default-src 'self';") == true)
                    #expect(!page.text.contains("http"))
                    #expect(page.text.contains("&lt;b&gt;Demo"))
                }
                #expect(try await toys.get("/swagger-ui/swagger-ui.css").text == "swagger-ui.css")
                #expect(try await toys.get("/swagger-ui/start.js").text.contains("/v3/api-docs"))
                try await toys.get("/swagger-ui/..%2Fsecret").expectFailure(404, "NOT_FOUND")
                let head = try await toys.send(.head, "/swagger-ui")
                #expect(head.status == 200)
                #expect(head.bytes.isEmpty)
                #expect(try await toys.send(.put, "/swagger-ui").header("Allow") == "GET, HEAD")
            }
        }
    }

    @Test("without its files there are no pages")
    func missing() async throws {
        try await withFiles(Array(Self.files.dropLast())) { folder in
            #expect(SwaggerUI.pages(directory: folder, document: "/v3/api-docs", notice: nil).isEmpty)
        }
    }
}
