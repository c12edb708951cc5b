import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Who may call")
struct AccessTests {
    @Test(
        "an endpoint for accounts refuses a missing or bad token with 401 and WWW-Authenticate",
        arguments: [
            (nil, "UNAUTHENTICATED"), ("", "UNAUTHENTICATED"), ("Bearer", "UNAUTHENTICATED"),
            ("Bearer ", "UNAUTHENTICATED"), ("Basic cGF0aWVudDp4", "UNAUTHENTICATED"),
            ("Bearer nonsense", "TOKEN_INVALID"), ("Bearer expired", "TOKEN_EXPIRED"),
            ("Bearer patient, Bearer doctor", "TOKEN_INVALID"),
        ])
    func badToken(_ field: String?, _ code: String) async throws {
        try await withToys { toys in
            let answer = try await toys.get("/api/toys/5", headers: field.map { ["Authorization": $0] } ?? [:])
            answer.expectFailure(401, code)
            #expect(answer.header("WWW-Authenticate") == "Bearer")
        }
    }

    @Test("the scheme's name may be written in any case")
    func schemeCase() async throws {
        try await withToys { toys in
            let answer = try await toys.get("/api/toys/5", headers: ["Authorization": "bearer patient"])
            #expect(answer.status == 200)
        }
    }

    @Test("another role is 403, before anything of the request is looked at")
    func wrongRole() async throws {
        try await withToys { toys in
            try await toys.post("/api/toys", "{not json", as: "patient").expectFailure(403, "ACCESS_DENIED")
            try await toys.send(.delete, "/api/toys/x", as: "doctor").expectFailure(403, "ACCESS_DENIED")
            try await toys.get("/api/toys/5", as: "blocked").expectFailure(403, "ACCOUNT_INACTIVE")
            #expect(try await toys.send(.delete, "/api/toys/5", as: "admin").status == 200)
        }
    }

    @Test("a public endpoint does not look at a token, one that knows its caller refuses a bad one")
    func publicEndpoints() async throws {
        try await withToys { toys in
            #expect(try await toys.get("/api/toys", as: "nonsense").status == 200)
            #expect(try await toys.get("/api/names/Ada").json["caller"] == .null)
            #expect(try await toys.get("/api/names/Ada", as: "patient").json["caller"].string == "patient")
            try await toys.get("/api/names/Ada", as: "nonsense").expectFailure(401, "TOKEN_INVALID")
        }
    }
}
