import CareSyncServer
import CareSyncTesting
import HTTPTypes
import Testing
import WebAPI

@Suite("Authorization matrix")
struct AuthorizationMatrixTests {
    private typealias Matrix = AuthorizationMatrix

    @Test("every route is in the committed table, and every line of the table is a route")
    func complete() async throws {
        let matrix = try Matrix.committed()
        try await withApp { app in
            let routes = Set(app.system.endpoints.map(\.route))
            #expect(Set(matrix.lines.keys).subtracting(routes).isEmpty, "lines without a route")
            #expect(routes.subtracting(matrix.lines.keys).isEmpty, "routes without a line")
        }
    }

    @Test("every kind of caller gets what the table says on every route")
    func outcomes() async throws {
        let matrix = try Matrix.committed()
        try await withApp { app in
            let callers = try await Self.callers(app)
            // Routes that end a session come last, so that the others still have one.
            let endpoints = app.system.endpoints.sorted { !Self.endsSession($0) && Self.endsSession($1) }
            for endpoint in endpoints {
                var outcomes: [Matrix.Caller: Matrix.Outcome] = [:]
                for (caller, user) in callers {
                    let response = try await app.send(
                        endpoint.method, Matrix.samplePath(endpoint.path), as: user,
                        body: endpoint.method == .get ? nil : "{}")
                    outcomes[caller] = .init(gate: response.status)
                    #expect(response.status < 500, "\(endpoint.route) as \(caller): \(response.text)")
                }
                Self.compare(outcomes, matrix.lines[endpoint.route], Matrix.Caller.byRole, endpoint)
            }
        }
    }

    @Test(
        "a stranger to a record gets what the table says, and a refusal tells nothing, not even that there is one",
        arguments: DatabaseKind.available)
    func strangers(_ kind: DatabaseKind) async throws {
        let matrix = try Matrix.committed()
        try await withApp(kind) { app in
            let records = try await MatrixRecords.plant(in: app)
            let strangers: [(Matrix.Caller, TestUser)] = [
                (.otherPatient, try await app.registerPatient()), (.otherDoctor, try await app.registerDoctor()),
            ]
            let before = try await records.state(in: app)
            for endpoint in app.system.endpoints {
                var outcomes: [Matrix.Caller: Matrix.Outcome] = [:]
                for (caller, user) in strangers {
                    outcomes[caller] = try await Self.outcome(of: endpoint, as: user, about: records, in: app)
                }
                Self.compare(outcomes, matrix.lines[endpoint.route], Matrix.Caller.strangers, endpoint)
            }
            #expect(try await records.state(in: app) == before, "a stranger has changed something")
        }
    }

    private static func outcome(
        of endpoint: Endpoint, as user: TestUser, about records: MatrixRecords, in app: TestApp
    ) async throws -> Matrix.Outcome? {
        let foreign = try records.request(endpoint)
        let answer = try await app.send(endpoint.method, foreign.path, as: user, body: foreign.body)
        expectNone(of: MatrixRecords.secrets, in: answer, endpoint)
        guard MatrixRecords.names(endpoint) else { return .nothingNamed }
        guard let outcome = Matrix.Outcome(stranger: answer.status) else {
            Issue.record("\(endpoint.route) is asked in a way that gives \(answer.text)")
            return nil
        }
        guard outcome != .admitted else { return outcome }
        expectNone(of: MatrixRecords.facts, in: answer, endpoint)
        let unknown = try MatrixRecords.nobody.request(endpoint)
        let other = try await app.send(endpoint.method, unknown.path, as: user, body: unknown.body)
        #expect(essence(answer, foreign.path) == essence(other, unknown.path), "\(endpoint.route) tells what exists")
        return outcome
    }

    private static func expectNone(of texts: [String], in answer: TestResponse, _ endpoint: Endpoint) {
        for text in texts { #expect(!answer.text.contains(text), "\(endpoint.route) shows \(text)") }
    }

    /// Everything of an answer but what differs from request to request: its path, id and time.
    private static func essence(_ answer: TestResponse, _ path: String) -> [String] {
        let ownPath = String(path.prefix { $0 != "?" })
        let body = answer.text.replacing(ownPath, with: "PATH")
            .replacing(/"(requestId|timestamp)":"[^"]*"/, with: "")
        let fields = answer.headers.filter { $0.name.canonicalName != "x-request-id" && $0.name != .contentLength }
        return ["\(answer.status)", body] + fields.map { "\($0.name.canonicalName): \($0.value)" }.sorted()
    }

    private static func compare(
        _ found: [Matrix.Caller: Matrix.Outcome], _ committed: [Matrix.Caller: Matrix.Outcome]?,
        _ columns: [Matrix.Caller], _ endpoint: Endpoint
    ) {
        #expect(Matrix.text(committed, columns) == Matrix.text(found, columns), "\(endpoint.route)")
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
