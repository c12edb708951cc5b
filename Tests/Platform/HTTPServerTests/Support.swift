import CareSyncTesting
import Foundation
import HTTPServer
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Answers by a closure.
struct Responder: RequestResponder {
    let answer: @Sendable (ServerRequest) async throws -> ServerResponse

    init(_ answer: @escaping @Sendable (ServerRequest) async throws -> ServerResponse) {
        self.answer = answer
    }

    func respond(to request: ServerRequest) async -> ServerResponse {
        do {
            return try await answer(request)
        } catch is BodyBudget.Exhausted {
            return .text("later", status: 503)
        } catch {
            return .text("broken", status: 400)
        }
    }

    func refuse(_ refusal: RequestRefusal, of request: ServerRequest) -> ServerResponse { .text("bad", status: 400) }

    /// Says the path that was asked for.
    static let path = Responder { .text($0.path) }
}

extension ServerResponse {
    static func text(_ text: String, status: Int = 200) -> ServerResponse {
        ServerResponse(status: status, headers: [:], body: .bytes(ByteBuffer(string: text)))
    }

    static func stream(
        length: Int? = nil, _ produce: @escaping @Sendable (BodyWriter) async throws -> Void
    ) -> ServerResponse {
        ServerResponse(status: 200, headers: [:], body: .stream(length: length, produce))
    }
}

extension ConnectionLimits {
    static let patient = ConnectionLimits(idleTime: .hours(1), arrivalTime: .hours(1))
}

/// Serves on a free port of this machine.
func withServer<Value: Sendable>(
    _ responder: Responder, limits: ConnectionLimits = .patient, connections: Int = 10_000,
    budget: BodyBudget = BodyBudget(), _ body: @escaping @Sendable (_ port: Int) async throws -> Value
) async throws -> Value {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let server = WebServer(
        host: "127.0.0.1", port: 0, connections: connections, responder: responder, limits: limits, budget: budget,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) { port.yield($0) }
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        var running = ports.makeAsyncIterator()
        let value = try await body(await running.next() ?? 0)
        group.cancelAll()
        return value
    }
}

/// Sends bytes and returns everything until the server closes.
func exchange(
    _ bytes: String, _ responder: Responder = .path, limits: ConnectionLimits = .patient
) async throws -> String {
    try await withServer(responder, limits: limits) { port in
        let connection = try RawConnection(port: port)
        try connection.send(bytes)
        return await connection.readToEnd()
    }
}

/// Something that happens once and is waited for.
final class Signal: Sendable {
    private let stream = AsyncStream<Void>.makeStream()

    func fire() { stream.continuation.finish() }

    func wait() async { for await _ in stream.stream {} }
}
