import AuditTrail
import CareSyncCore
import CareSyncTesting
import Cryptography
import Directory
import HTTPTypes
import Identity
import Logging
import NIOCore
import Outbox
import Synchronization
import Testing
import WebAPI

@testable import Persistence

/// The feature behind the real router, on a database of its own, with a clock that the test moves.
struct DiaryApp: Sendable {
    let database: any Database
    let vault: PatientVault
    let time: ManualTime
    let worker: OutboxWorker
    /// Subjects that were copied, in order.
    let copies: Copies
    /// Events as a live screen hears them, after the commit.
    let heard: AsyncStream<DiaryEntryWritten>
    let auditLog: AuditLog
    let client: SocketClient

    final class Copies: Sendable {
        private let subjects = Mutex<[String]>([])
        var all: [String] { subjects.withLock { $0 } }
        func add(_ subject: String) { subjects.withLock { $0.append(subject) } }
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, token: String? = nil, key: String? = nil
    ) async throws -> TestResponse {
        var headers = HTTPFields()
        if body != nil { headers[.contentType] = "application/json" }
        if let token { headers[.authorization] = "Bearer \(token)" }
        if let key, let name = HTTPField.Name("Idempotency-Key") { headers[name] = key }
        return try await client.execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
    }

    func write(
        _ text: String, remindInMinutes minutes: Int? = nil, token: String, key: String? = nil
    ) async throws -> TestResponse {
        let reminder = minutes.map { ",\"remindInMinutes\":\($0)" } ?? ""
        return try await send(
            .post, "/api/diaries/entries", "{\"text\":\"\(text)\"\(reminder)}", token: token, key: key)
    }

    /// Registers a patient: their access token.
    func owner(_ name: String = "asha") async throws -> String {
        let registered = try await send(
            .post, "/api/auth/register",
            """
            {"username":"\(name)","email":"\(name)@example.org","password":"\(Self.password)","role":"PATIENT",
            "firstName":"Asha","lastName":"Verma"}
            """)
        return try #require(registered["accessToken"].string, "\(registered.text)")
    }

    func signIn(_ name: String = "asha", _ password: String = password) async throws -> CareSyncTesting.TestResponse {
        try await send(.post, "/api/auth/login", "{\"username\":\"\(name)\",\"password\":\"\(password)\"}")
    }

    static let password = "Correct-Horse-42"

    /// Action and row of every line of the audit log about entries.
    func auditTrail() async throws -> [String] {
        try await database.read { db in
            let rows: [AuditRecord] = try db.all(
                "SELECT \(AuditRecord.columns) FROM audit_log a WHERE a.entity = 'diary_entries'")
            return rows.map(\.content).map { "\($0.action) \($0.entity)/\($0.entityID)" }
        }
    }

    func count(_ table: SQL) async throws -> Int {
        try await database.read { db in try db.value("SELECT count(*) FROM \(table)") ?? -1 }
    }
}

/// Composes the features as the program composes its own: keys, database, services, features from the lowest up, worker,
/// router.
func withDiaries(_ kind: DatabaseKind, _ body: @escaping @Sendable (DiaryApp) async throws -> Void) async throws {
    let (time, random, events) = (ManualTime(), SeededRandom(seed: 5), EventHub())
    let root = try RootSecret(Array("a root secret of thirty-two bytes".utf8))
    let auditLog = AuditLog(firstShard: 0, authenticate: KeyedHash(root.derive(.auditChain)).code)
    let sealer = Sealer(root.derive(.idempotency), random: random.source)
    let services = DatabaseServices(
        time: time.source, random: random.source, events: events,
        responseSealer: BlobSealer(seal: { try sealer.seal($0, for: $1) }, open: { try sealer.open($0, for: $1) }),
        parts: [auditLog, OutboxSignal()])
    let (heard, hear) = AsyncStream.makeStream(of: DiaryEntryWritten.self)
    DiaryCounts().subscribe(to: events)
    events.observe(DiaryEntryWritten.self) { hear.yield($0) }
    let copies = DiaryApp.Copies()
    let log = Logger(label: "diary") { _ in SwiftLogNoOpLogHandler() }
    let migrations =
        TestSchema.platform + IdentitySchema.migrations + DirectorySchema.migrations + DiaryFeature.migrations
        + DiaryCounts.migrations
    try await withDatabase(kind, migrations: migrations, services: services) { database in
        let vault = PatientVault(
            ring: try KeyRing(parsing: "one:" + Base64.text([UInt8](repeating: 9, count: 32))), random: random.source,
            logger: log)
        let identity = try await makeIdentity(database, vault, root, log)
        let feature = DiaryFeature(database: database, vault: vault, copy: { copies.add($0) })
        let responder = try APIResponder(
            endpoints: identity.endpoints + feature.endpoints,
            settings: APISettings(
                authenticator: identity.authenticator, observers: [DeclaredFailures.observer(feature.endpoints)],
                time: time.source, random: random.source))
        try await body(
            DiaryApp(
                database: database, vault: vault, time: time,
                worker: OutboxWorker(database: database, handlers: feature.jobs, logger: log),
                copies: copies, heard: heard, auditLog: auditLog, client: SocketClient(responder)))
    }
}

/// Identity over Directory, which keeps the people behind its accounts.
private func makeIdentity(
    _ database: any Database, _ vault: PatientVault, _ root: RootSecret, _ log: Logger
) async throws -> IdentityFeature {
    let zone = try #require(ClinicZone("Asia/Kolkata"))
    let directory = DirectoryFeature(
        database: database, vault: vault, rootSecret: root, clinicZone: zone, linkBase: "https://clinic.example",
        logger: log, relation: PatientRelation(access: { _, _, _ in nil }, treated: { _ in "" }),
        availability: { _, _, _ in [] },
        appointments: { _, _, _, _, _ in 0 })
    return IdentityFeature(
        database: database,
        hasher: try PasswordHasher(cost: 10, threads: 1, random: database.services.random),
        signer: await TokenSigner.make(
            try TokenSecrets(parsing: "a signing secret of thirty-two bytes, or more", production: false)),
        rootSecret: root, clinicZone: zone, settings: IdentitySettings(), profiles: directory.profiles,
        appointments: { _, _, _, _, _ in 0 }, logger: log)
}
