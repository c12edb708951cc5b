import CareSyncServer
import CareSyncTesting
import Foundation
import HTTPTypes
import Testing
import WebAPI

@Suite("Authorization matrix")
struct AuthorizationMatrixTests {
    private typealias Matrix = AuthorizationMatrix

    @Test("every route is in the committed table, and every line of the table is a route")
    func complete() async throws {
        guard ProcessInfo.processInfo.environment[Matrix.rewriteVariable] == nil else { return }
        let matrix = try Matrix.committed()
        try await withApp { app in
            let routes = Set(app.system.endpoints.map(\.route))
            #expect(Set(matrix.lines.keys).subtracting(routes).isEmpty, "lines without a route")
            #expect(routes.subtracting(matrix.lines.keys).isEmpty, "routes without a line")
        }
    }

    @Test(
        "every kind of caller gets what the table says, and a refusal tells nothing, not even what exists",
        arguments: DatabaseKind.available)
    func outcomes(_ kind: DatabaseKind) async throws {
        let isRewriting = ProcessInfo.processInfo.environment[Matrix.rewriteVariable] != nil
        let committed = isRewriting ? Matrix(lines: [:]) : try Matrix.committed()
        let found = try await withApp(kind) { app in
            var stage = try await MatrixStage(app: app)
            var lines: [String: Matrix.Line] = [:]
            for endpoint in app.system.endpoints {
                lines[endpoint.route] = try await stage.outcomes(of: endpoint)
            }
            // The control: what must not be seen is seen by those who may.
            #expect(stage.unseen.isEmpty, "planted, but shown to nobody")
            return Matrix(lines: lines)
        }
        if isRewriting { return try found.write() }
        for (route, line) in found.lines.sorted(by: { $0.key < $1.key }) {
            #expect(Matrix.text(committed.lines[route]) == Matrix.text(line), "\(route)")
        }
    }
}

/// Asks one route after the other, and puts everything back where it was.
private struct MatrixStage {
    private typealias Matrix = AuthorizationMatrix

    private let app: TestApp
    private var casts = 1
    private var cast: MatrixCast
    private var records: MatrixRecords
    /// Planted texts that no answer has shown yet.
    private(set) var unseen = Set(MatrixRecords.clinical + MatrixRecords.personal + MatrixRecords.facts)

    init(app: TestApp) async throws {
        self.app = app
        cast = try await MatrixCast.assemble(1, in: app)
        records = try await MatrixRecords.plant(for: cast, in: app)
    }

    mutating func outcomes(of endpoint: Endpoint) async throws -> AuthorizationMatrix.Line {
        var line: AuthorizationMatrix.Line = [:]
        for caller in AuthorizationMatrix.Caller.allCases {
            line[caller] = try await outcome(of: endpoint, as: caller)
        }
        return line
    }

    private mutating func outcome(
        of endpoint: Endpoint, as caller: AuthorizationMatrix.Caller
    ) async throws -> AuthorizationMatrix.Outcome? {
        let namesRecord = MatrixRecords.names(endpoint)
        let user = cast.users[caller] ?? nil
        let request = try records.request(endpoint)
        let before = try await records.state(in: app)
        let answer = try await send(endpoint, records, as: user)
        guard let outcome = Matrix.Outcome(status: answer.status, namesRecord: namesRecord) else {
            Issue.record("\(endpoint.route) as \(caller) is asked in a way that gives \(answer.text)")
            return nil
        }
        if outcome == .admitted { unseen = unseen.filter { !answer.text.contains($0) } }
        expectNone(of: hidden(from: caller, outcome), in: answer, "\(endpoint.route) as \(caller)")
        if outcome.isRefusal {
            #expect(try await records.state(in: app) == before, "\(endpoint.route) as \(caller) has changed something")
            if namesRecord, caller.isStranger {
                let unknown = try MatrixRecords.nobody.request(endpoint)
                let other = try await send(endpoint, .nobody, as: user)
                #expect(
                    essence(answer, request.path) == essence(other, unknown.path),
                    "\(endpoint.route) as \(caller) tells what exists")
            }
        } else if endpoint.method != .get {
            try await reset()
        }
        return outcome
    }

    private func send(
        _ endpoint: Endpoint, _ records: MatrixRecords, as user: TestUser?
    ) async throws -> TestResponse {
        let request = try records.request(endpoint)
        if let form = try records.form(endpoint) { return try await app.upload(request.path, as: user, form) }
        return try await app.send(endpoint.method, request.path, as: user, body: request.body)
    }

    private mutating func reset() async throws {
        if try await !cast.isIntact(in: app) {
            casts += 1
            cast = try await MatrixCast.assemble(casts, in: app)
        }
        records = try await MatrixRecords.plant(for: cast, in: app)
    }

    private func hidden(
        from caller: AuthorizationMatrix.Caller, _ outcome: AuthorizationMatrix.Outcome
    ) -> [String] {
        let everything = MatrixRecords.clinical + MatrixRecords.personal
        if outcome.isRefusal { return everything + MatrixRecords.facts }
        return switch caller {
        case .owner, .treatingDoctor, .breakGlassAdmin, .breakGlassDoctor: []
        case .admin: MatrixRecords.clinical
        default: everything
        }
    }

    private func expectNone(of texts: [String], in answer: TestResponse, _ asked: String) {
        for text in texts { #expect(!answer.text.contains(text), "\(asked) shows \(text)") }
    }

    /// Everything of an answer but what differs from request to request: its path, id and time.
    private func essence(_ answer: TestResponse, _ path: String) -> [String] {
        let ownPath = String(path.prefix { $0 != "?" })
        let body = answer.text.replacing(ownPath, with: "PATH")
            .replacing(/"(requestId|timestamp)":"[^"]*"/, with: "")
        let fields = answer.headers.filter { $0.name.canonicalName != "x-request-id" && $0.name != .contentLength }
        return ["\(answer.status)", body] + fields.map { "\($0.name.canonicalName): \($0.value)" }.sorted()
    }
}
