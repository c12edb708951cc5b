import CareSyncServer
import CareSyncTesting
import HTTPTypes
import Testing
import WebAPI

@Suite("Authorization matrix")
struct AuthorizationMatrixTests {
    @Test("every route is in the committed table, and every line of the table is a route")
    func complete() async throws {
        let matrix = try AuthorizationMatrix.committed()
        try await withApp { app in
            let routes = Set(app.system.endpoints.map(\.route))
            #expect(Set(matrix.lines.keys).subtracting(routes).isEmpty, "lines without a route")
            #expect(routes.subtracting(matrix.lines.keys).isEmpty, "routes without a line")
        }
    }

    @Test("every kind of caller gets what the table says on every route")
    func outcomes() async throws {
        let matrix = try AuthorizationMatrix.committed()
        try await withApp { app in
            let callers = try await Self.callers(app)
            // Routes that end a session come last, so that the others still have one.
            let endpoints = app.system.endpoints.sorted { !Self.endsSession($0) && Self.endsSession($1) }
            for endpoint in endpoints {
                var outcomes: [AuthorizationMatrix.Caller: AuthorizationMatrix.Outcome] = [:]
                for (caller, user) in callers {
                    let response = try await app.send(
                        endpoint.method, AuthorizationMatrix.samplePath(endpoint.path), as: user,
                        body: endpoint.method == .get ? nil : "{}")
                    outcomes[caller] = .init(status: response.status)
                    #expect(response.status < 500, "\(endpoint.route) as \(caller): \(response.text)")
                }
                let found = AuthorizationMatrix.line(endpoint, outcomes)
                let committed = matrix.lines[endpoint.route].map { AuthorizationMatrix.line(endpoint, $0) }
                #expect(committed == found)
            }
        }
    }

    private static func endsSession(_ endpoint: Endpoint) -> Bool {
        endpoint.path.contains("logout") || endpoint.path.contains("password")
    }

    private static func callers(
        _ app: TestApp
    ) async throws -> [(AuthorizationMatrix.Caller, TestUser?)] {
        [
            (.anonymous, nil), (.patient, try await app.registerPatient()),
            (.doctor, try await app.registerDoctor(verified: true)),
            (.unverifiedDoctor, try await app.registerDoctor(verified: false)), (.admin, try await app.admin()),
        ]
    }
}
