import CareSyncCore
import CareSyncTesting
import Cryptography
import Foundation
import HTTPTypes
import Identity
import Logging
import NIOCore
import Persistence
import Testing
import WebAPI

@testable import Directory

/// The feature behind a real router, on a database of its own.
struct DirectoryApp: Sendable {
    let kind: DatabaseKind
    let database: CountingDatabase
    /// As another process sees it; not counted.
    let other: any Database
    let vault: PatientVault
    let time: ManualTime
    let events: EventHub
    fileprivate let client: SocketClient

    var count: StatementCount { database.count }

    struct Caller: Sendable {
        let role: Role
        let id: Int64

        static let admin = Caller(role: .admin, id: 1)
        static let patient = Caller(role: .patient, id: 2)
        static func doctor(_ id: Int64) -> Caller { Caller(role: .doctor, id: id) }
        static func patient(_ id: Int64) -> Caller { Caller(role: .patient, id: id) }
    }

    func get(_ uri: String, as caller: Caller? = nil, ifNoneMatch: String? = nil) async throws -> Reply {
        try await send(.get, uri, caller, nil, ifNoneMatch)
    }

    func post(_ uri: String, _ json: String? = nil, as caller: Caller? = nil) async throws -> Reply {
        try await send(.post, uri, caller, json, nil)
    }

    func put(_ uri: String, _ json: String? = "{}", as caller: Caller? = nil) async throws -> Reply {
        try await send(.put, uri, caller, json, nil)
    }

    func delete(_ uri: String, as caller: Caller? = nil) async throws -> Reply {
        try await send(.delete, uri, caller, nil, nil)
    }

    func get(_ uri: String, token: String) async throws -> Reply {
        try await execute(.get, uri, [.authorization: "Bearer \(token)"], nil)
    }

    private func send(
        _ method: HTTPRequest.Method, _ uri: String, _ caller: Caller?, _ json: String?, _ tag: String?
    ) async throws -> Reply {
        var headers = HTTPFields()
        if let caller { headers[.authorization] = "Bearer \(caller.role.rawValue):\(caller.id)" }
        if json != nil { headers[.contentType] = "application/json" }
        if let tag { headers[.ifNoneMatch] = tag }
        return try await execute(method, uri, headers, json)
    }

    private func execute(
        _ method: HTTPRequest.Method, _ uri: String, _ headers: HTTPFields, _ json: String?
    ) async throws -> Reply {
        let response = try await client.execute(
            uri: uri, method: method, headers: headers, body: json.map { ByteBuffer(string: $0) })
        return Reply(status: response.status, headers: response.headers, body: Data(response.bytes))
    }
}

struct Reply {
    let status: Int
    let headers: HTTPFields
    let body: Data

    func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: body)
    }

    var object: [String: Any] { get throws { try JSONSerialization.jsonObject(with: body) as? [String: Any] ?? [:] } }

    var text: String { String(decoding: body, as: UTF8.self) }

    var code: String? { try? object["code"] as? String }

    /// The field an error is about.
    var field: String? { (try? object["fieldErrors"] as? [[String: Any]])?.first?["field"] as? String }

    func header(_ name: String) -> String? {
        headers.first { $0.name.canonicalName == name.lowercased() }?.value
    }
}

struct MeResponse: WireResponse {
    let user: AnyWireResponse
}

/// Half of the doctors are free on odd days, the other half on even ones.
func isFree(_ doctor: DoctorID, on day: LocalDate) -> Bool {
    (doctor.rawValue + Int64(day.day)) % 2 == 0
}

/// Doctors with odd ids treat patients with odd ids, the others the others.
func treats(_ doctor: DoctorID, _ patient: PatientID) -> Bool { (doctor.rawValue + patient.rawValue) % 2 == 0 }

let testRelation = PatientRelation(
    access: { doctor, patient, db in
        if treats(doctor, patient) { return PatientRelation.Access(auditReason: nil) }
        let grant = try BreakGlass.openGrant(of: UserID(doctor), for: patient, db: db)
        return grant.map { PatientRelation.Access(auditReason: "BREAK_GLASS \($0)") }
    },
    treated: { doctor in
        """
        SELECT q.id AS patient_id, q.created_at AS last_start FROM patients q
        WHERE q.id % 2 = \(doctor.rawValue % 2)
        """
    })

let testLinkBase = "https://clinic.example"

func testRoot() throws -> RootSecret { try RootSecret(Array("a root secret of thirty-two bytes".utf8)) }

func testNames() throws -> PatientNames { PatientNames(rootSecret: try testRoot()) }

let testMigrations = (TestSchema.platform + IdentitySchema.migrations + DirectorySchema.migrations)

let quiet = Logger(label: "directory") { _ in SwiftLogNoOpLogHandler() }

func testVault(random: RandomSource = .system, logger: Logger = quiet) throws -> PatientVault {
    PatientVault(ring: try testRing(), random: random, logger: logger)
}

func testRing() throws -> KeyRing {
    try KeyRing(parsing: "one:" + Base64.text([UInt8](repeating: 9, count: 32)))
}

/// Starts at 2026-03-10, an even day.
func withDirectory(_ kind: DatabaseKind, _ body: @escaping @Sendable (DirectoryApp) async throws -> Void) async throws {
    let time = ManualTime()
    let events = EventHub()
    let services = DatabaseServices.testing(time: time, events: events)
    let zone = try #require(ClinicZone("Asia/Kolkata"))
    try await withTestDatabase(kind, migrations: testMigrations, services: services) { test in
        let database = CountingDatabase(test.database)
        let vault = try testVault(random: services.random)
        let feature = DirectoryFeature(
            database: database, vault: vault, rootSecret: try testRoot(), clinicZone: zone, linkBase: testLinkBase,
            logger: quiet, relation: testRelation,
            availability: { _, doctors, day in Set(doctors.filter { isFree($0, on: day) }) },
            appointments: { _, _, _, _, _ in 0 })
        let me = Endpoint.get("/test/me", "The caller", access: .signedIn) {
            (request: EndpointRequest<NoParameters, NoBody>) async throws -> MeResponse in
            let caller = try request.principal
            return try await database.read { db in
                guard let account = try IdentityFeature.account(caller.userID, db: db) else { throw Problem.notFound }
                // Identity describes administrators itself: they have no profile.
                let isAdmin = account.role == .admin
                return MeResponse(
                    user: isAdmin
                        ? AnyWireResponse(AdministratorResponse(account)) : try feature.profiles.describe(db, account))
            }
        }
        let responder = try APIResponder(
            endpoints: feature.endpoints + [me],
            settings: APISettings(
                authenticator: fakeAuthenticator, observers: [DeclaredFailures.observer(feature.endpoints)],
                time: time.source, random: services.random))
        try await test.withAnother { other in
            try await body(
                DirectoryApp(
                    kind: kind, database: database, other: other, vault: vault, time: time, events: events,
                    client: SocketClient(responder)))
        }
    }
}

/// A token is `ROLE:id`; the names are those of the seeds.
private let fakeAuthenticator = Authenticator { token in
    let parts = token.split(separator: ":")
    guard parts.count == 2, let role = Role(rawValue: String(parts[0])), let id = Int64(parts[1]) else {
        throw Problem.unauthenticated
    }
    let name = role == .admin ? "theadmin" : "\(role.rawValue.lowercased())\(id)"
    return Principal(userID: UserID(id), username: name, role: role, sessionID: SessionID(1))
}
