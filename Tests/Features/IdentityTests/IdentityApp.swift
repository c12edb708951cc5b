import CareSyncCore
import CareSyncTesting
import Foundation
import HTTPTypes
import Logging
import NIOCore
import Persistence
import Synchronization
import Testing
import WebAPI

@testable import Cryptography
@testable import Identity

/// The identity feature behind the real router, on a database of its own.
struct IdentityApp: Sendable {
    let feature: IdentityFeature
    let database: any Database
    let clock: ManualTime
    let forms: FormRecorder
    let client: SocketClient
    let test: TestDatabase
    let settings: IdentitySettings

    static let password = "correct horse battery"

    /// Runs `body` with what another process on the same database would be, by default with the same clock.
    func withAnotherProcess<Value: Sendable>(
        clock: ManualTime? = nil, _ body: @Sendable (IdentityApp) async throws -> Value
    ) async throws -> Value {
        let clock = clock ?? self.clock
        let services = DatabaseServices.testing(time: clock, random: SeededRandom(seed: 2), firstShard: 100)
        return try await test.withAnother(services) { database in
            try await Self.run(test, database, clock, settings, body)
        }
    }

    static func run<Value: Sendable>(
        _ test: TestDatabase, _ database: any Database, _ clock: ManualTime, _ settings: IdentitySettings,
        _ body: @Sendable (IdentityApp) async throws -> Value
    ) async throws -> Value {
        let forms = FormRecorder()
        let feature = IdentityFeature(
            database: database, hasher: try Secrets.hasher.get(),
            signer: await TokenSigner.make(try TokenSecrets(parsing: Secrets.signing, production: false)),
            rootSecret: try RootSecret(Array("a root secret of thirty-two bytes".utf8)),
            clinicZone: try #require(ClinicZone("Asia/Kolkata")), settings: settings, profiles: .stub(forms),
            appointments: { _, _, _, _, _ in 0 },
            logger: Logger(label: "test"))
        let responder = try APIResponder(
            endpoints: feature.endpoints,
            settings: APISettings(
                authenticator: feature.authenticator, stepUp: feature.stepUpGuard, addressGuard: feature.addressGuard,
                // In-process requests have no peer; so its claims about the client are believed.
                clientAddress: ClientAddress(trustedProxies: [""]),
                observers: [DeclaredFailures.observer(feature.endpoints)], time: clock.source,
                random: SeededRandom(seed: 9).source))
        return try await body(
            IdentityApp(
                feature: feature, database: database, clock: clock, forms: forms, client: SocketClient(responder),
                test: test, settings: settings))
    }
}

func withIdentity<Value: Sendable>(
    _ kind: DatabaseKind, settings: IdentitySettings = IdentitySettings(),
    _ body: @Sendable (IdentityApp) async throws -> Value
) async throws -> Value {
    let clock = ManualTime()
    let services = DatabaseServices.testing(time: clock)
    return try await withTestDatabase(
        kind, migrations: (TestSchema.platform + IdentitySchema.migrations), services: services
    ) { test in
        try await IdentityApp.run(test, test.database, clock, settings, body)
    }
}

private enum Secrets {
    static let hasher = Result { try PasswordHasher(anyCost: 4, threads: 2, queueLimit: 1024, random: .system) }
    static let signing = "a signing secret of thirty-two bytes, or a few more"
}

/// Profiles that write nothing; they remember the forms they were given and refuse the first name "Refused".
final class FormRecorder: Sendable {
    private let forms = Mutex<[ProfileForm]>([])

    var all: [ProfileForm] { forms.withLock { $0 } }

    func add(_ form: ProfileForm) { forms.withLock { $0.append(form) } }
}

struct ProfileRefusal: Error {}

struct StubUser: WireValue {
    let id: UserID
    let username: String
}

extension AccountProfiles {
    static func stub(_ forms: FormRecorder) -> AccountProfiles {
        AccountProfiles { _, _, form in
            if form.firstName == "Refused" { throw ProfileRefusal() }
            forms.add(form)
        } describe: { _, account in
            AnyWireResponse(StubUser(id: account.id, username: account.username))
        } person: { _, account in
            account.role == .admin
                ? PersonDetails(firstName: nil, lastName: nil, phoneNumber: nil, address: nil)
                : PersonDetails(firstName: "Asha", lastName: "Rao", phoneNumber: "+91 1", address: nil)
        }
    }
}

/// An answer, read as the JSON it is.
struct Reply: Sendable {
    let status: Int
    let text: String
    let challenge: String?
    let retryAfter: String?

    func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    struct Failure: Decodable {
        let error: String
        let message: String
        let code: String
        let status: Int
        let fieldErrors: [FieldError]
    }

    var failure: Failure? { try? decode(Failure.self) }  // The expectation that reads it tells what is missing.
    var code: String? { failure?.code }
    var fields: [String] { failure?.fieldErrors.map(\.field) ?? [] }

    var tokens: Tokens {
        get throws {
            #expect(status == 200, "\(text)")
            return try decode()
        }
    }
}

struct Tokens: Decodable, Sendable, Equatable {
    struct User: Decodable, Equatable {
        let id: Int64?
        let userId: Int64?
        let username: String
    }

    let accessToken: String
    let refreshToken: String
    let tokenType: String
    let username: String
    let role: String
    let message: String?
    let user: User
}

extension IdentityApp {
    func send(
        _ method: HTTPRequest.Method, _ path: String, raw: String? = nil, token: String? = nil,
        from address: String? = nil, agent: String? = nil
    ) async throws -> Reply {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let address, let name = HTTPField.Name("X-Forwarded-For") { headers[name] = address }
        if let agent { headers[.userAgent] = agent }
        if let token { headers[.authorization] = "Bearer \(token)" }
        let response = try await client.execute(
            uri: path, method: method, headers: headers, body: raw.map { ByteBuffer(string: $0) })
        return Reply(
            status: response.status, text: response.text, challenge: response.headers[.wwwAuthenticate],
            retryAfter: response.headers[.retryAfter])
    }

    func post(
        _ path: String, _ body: [String: String], token: String? = nil, from address: String? = nil,
        agent: String? = nil
    ) async throws -> Reply {
        let raw = String(decoding: try JSONEncoder().encode(body), as: UTF8.self)
        return try await send(.post, "/api/auth/\(path)", raw: raw, token: token, from: address, agent: agent)
    }

    static func form(_ username: String, role: Role = .patient, _ changes: [String: String?] = [:]) -> [String: String]
    {
        var form = [
            "username": username, "password": password, "email": "\(username)@example.org", "role": role.rawValue,
            "firstName": "Asha", "lastName": "Rao",
        ]
        for (name, value) in changes { form[name] = value }
        return form
    }

    func register(_ username: String, role: Role = .patient) async throws -> Tokens {
        try await post("register", Self.form(username, role: role)).tokens
    }

    func logIn(
        _ username: String, _ password: String = password, from address: String? = nil, agent: String? = nil
    ) async throws -> Reply {
        try await post("login", ["username": username, "password": password], from: address, agent: agent)
    }

    func refresh(_ token: String) async throws -> Reply {
        try await post("refresh", ["refreshToken": token])
    }

    func currentUser(_ token: String?) async throws -> Reply {
        try await send(.get, "/api/auth/current-user", token: token)
    }

    func deactivate(_ username: String) async throws {
        _ = try await database.write { db in
            try db.run("UPDATE users SET is_active = FALSE WHERE username = \(username)")
        }
    }

    func count(_ sql: SQL) async throws -> Int {
        try await database.read { db in try db.value(sql) ?? -1 }
    }

    /// How many rows of attempts the purge would leave.
    func remembered() async throws -> Int {
        let now = clock.now
        return try await count("SELECT count(*) FROM sign_in_attempts WHERE expires_at > \(now)")
    }

    /// What the audit log says, oldest first: action, outcome, reason.
    func auditTrail() async throws -> [String] {
        try await database.read { db in
            var lines: [String] = []
            try db.query("SELECT action, outcome, reason, entity_id FROM audit_log ORDER BY at, shard, sequence") {
                let reason: String? = try $0.value("reason")
                lines.append(
                    "\(try $0.value("action") as String) \(try $0.value("outcome") as String) \(reason ?? "-")")
            }
            return lines
        }
    }
}
