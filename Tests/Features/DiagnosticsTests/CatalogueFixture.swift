import CareSyncTesting
import HTTPTypes
import Testing

/// A clinic with an empty catalogue and one of each who uses it, at 08:00 on 2026-03-10.
struct Catalogue {
    let app: TestApp
    let admin: TestUser
    let doctor: TestUser
    let patient: TestUser

    /// `more` are further members, such as `"isActive":false`.
    func body(_ name: String, _ price: String, _ more: String = "") -> String {
        #"{"testName":"\#(name)","price":\#(price)\#(more.isEmpty ? "" : ",")\#(more)}"#
    }

    func add(
        _ name: String, _ price: String = "500", _ more: String = "", as user: TestUser? = nil
    ) async throws -> TestResponse {
        try await app.send(.post, "/api/lab-tests", as: user ?? admin, body: body(name, price, more))
    }

    func addedID(_ name: String, _ price: String = "500", _ more: String = "") async throws -> Int {
        let added = try await add(name, price, more)
        return try #require(added["id"].int, "\(added.text)")
    }

    func change(_ id: Int, _ body: String, as user: TestUser? = nil, match: String? = nil) async throws -> TestResponse
    {
        try await app.send(
            .put, "/api/lab-tests/\(id)", as: user ?? admin, headers: match.map { ["If-Match": $0] } ?? [:], body: body)
    }

    /// The names in a list, such as `/search?testName=blood`.
    func names(_ list: String, as user: TestUser? = nil) async throws -> [String] {
        let answer = try await app.get("/api/lab-tests\(list)", as: user ?? patient)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json.list.compactMap { $0["testName"].string }
    }
}

func withCatalogue(_ kind: DatabaseKind, _ body: @escaping @Sendable (Catalogue) async throws -> Void) async throws {
    try await withApp(kind) { app in
        try await body(
            Catalogue(
                app: app, admin: try await app.admin(), doctor: try await app.registerDoctor(),
                patient: try await app.registerPatient()))
    }
}
