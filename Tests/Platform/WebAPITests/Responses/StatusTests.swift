import CareSyncTesting
import Foundation
import HTTPTypes
import Testing
import WebAPI

@Suite("Statuses that endpoints declare")
struct StatusTests {
    private func responses(_ path: String, _ method: String) throws -> [String: Any] {
        let text = try OpenAPIDocument(title: "Toys", version: "1", endpoints: ToyFeature().endpoints).text
        let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let paths = json?["paths"] as? [String: [String: [String: Any]]]
        return try #require(paths?[path]?[method]?["responses"] as? [String: Any])
    }

    @Test("a declared status is answered, and described instead of 200")
    func declared() async throws {
        try await withToys { toys in
            let answer = try await toys.send(.post, "/api/raw", "abc")
            #expect(answer.status == 202)
            #expect(answer.json["message"].string == "3")
        }
        #expect(try responses("/api/raw", "post").keys.contains("202"))
        #expect(try responses("/api/toys/made", "post").keys.contains("201"))
        #expect(try !responses("/api/toys/made", "post").keys.contains("200"))
    }

    @Test("an endpoint that answers nothing answers 204, without body, type and length")
    func nothing() async throws {
        try await withToys { toys in
            let answer = try await toys.send(.delete, "/api/toys/5/parts")
            #expect(answer.status == 204)
            #expect(answer.bytes.isEmpty)
            for name in ["Content-Type", "Content-Length", "Transfer-Encoding"] { #expect(answer.header(name) == nil) }
            #expect(answer.header("X-Content-Type-Options") == "nosniff")
        }
        let described = try #require(try responses("/api/toys/{toyId}/parts", "delete")["204"] as? [String: Any])
        #expect(described["content"] == nil)
    }

    @Test("failures keep their own status")
    func failures() async throws {
        try await withToys { toys in
            try await toys.send(.post, "/api/toys/made").expectFailure(401, "UNAUTHENTICATED")
        }
    }
}
