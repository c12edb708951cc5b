import CareSyncCore
import CareSyncTesting
import HTTPServer
import HTTPTypes
import Logging
import NIOCore
import Persistence
import Testing
import WebAPI

/// The toy feature behind the real responder.
struct ToyApp: Sendable {
    static let origin = "https://clinic.example"
    let log = LogRecorder(level: .info)
    let responder: APIResponder

    /// In-process requests have no peer; a trusted proxy of that name lets them say where they come from.
    init(
        database: (any Database)? = nil, pages: [StaticPage] = [], isTransportSecure: Bool = false,
        rateLimiter: RateLimiter = .unlimited, trustedProxies: [String] = [],
        denials: DenialRecorder = .none, observers: [RequestObserver] = []
    ) throws {
        responder = try APIResponder(
            endpoints: ToyFeature(database: database).endpoints, pages: pages,
            settings: APISettings(
                authenticator: Authenticator(Self.authenticate), rateLimiter: rateLimiter, denials: denials,
                crossOrigin: CrossOrigin(origins: [Self.origin]),
                clientAddress: ClientAddress(trustedProxies: trustedProxies), observers: observers,
                time: ManualTime().source,
                random: SeededRandom(seed: 1).source, isTransportSecure: isTransportSecure))
    }

    /// Sends each request on a connection of its own.
    func test<Value>(_ body: @Sendable (ToyClient) async throws -> Value) async throws -> Value {
        try await body(ToyClient(client: SocketClient(responder, logger: log.logger)))
    }

    private static func authenticate(_ token: String) async throws -> Principal {
        if token == "expired" { throw Problem(.unauthenticated, "TOKEN_EXPIRED", "Sign in again.") }
        if token == "blocked" { throw Problem(.forbidden, "ACCOUNT_INACTIVE", "This account is closed.") }
        guard let role = Role(rawValue: token.uppercased()) else {
            throw Problem(.unauthenticated, "TOKEN_INVALID", "Sign in again.")
        }
        return Principal(userID: UserID(7), username: token, role: role, sessionID: SessionID(1))
    }
}

/// One request, one answer.
func withToys<Value>(_ body: @Sendable (ToyClient) async throws -> Value) async throws -> Value {
    try await ToyApp().test(body)
}

struct ToyClient: Sendable {
    let client: SocketClient

    func send(
        _ method: HTTPRequest.Method, _ uri: String, _ body: String? = nil, as token: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> ReceivedResponse {
        try await send(method, uri, bytes: body.map { Array($0.utf8) }, as: token, headers: headers)
    }

    func send(
        _ method: HTTPRequest.Method, _ uri: String, bytes: [UInt8]?, as token: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> ReceivedResponse {
        var fields = HTTPFields()
        if let token { fields[.authorization] = "Bearer \(token)" }
        for (name, value) in headers {
            fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        let response = try await client.execute(
            uri: uri, method: method, headers: fields, body: bytes.map { ByteBuffer(bytes: $0) })
        return ReceivedResponse(status: response.status, headers: response.headers, bytes: response.bytes)
    }

    func get(_ uri: String, as token: String? = nil, headers: [String: String] = [:]) async throws -> ReceivedResponse {
        try await send(.get, uri, as: token, headers: headers)
    }

    func post(
        _ uri: String, _ body: String, as token: String? = nil, headers: [String: String] = [:]
    ) async throws -> ReceivedResponse {
        try await send(
            .post, uri, body, as: token, headers: ["Content-Type": "application/json"].merging(headers) { $1 })
    }

    /// POST of a body to the endpoint that has every kind of field.
    func echo(_ body: String) async throws -> ReceivedResponse { try await post("/api/echo", body) }
}
