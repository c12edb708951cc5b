import CareSyncTesting
import HTTPServer
import NIOCore

/// Serves the toys on a free port of this machine, as the program does. Unless told otherwise the connections are patient
/// for longer than a busy machine may keep a test waiting.
func withToyServer<Value: Sendable>(
    _ app: ToyApp? = nil, limits: ConnectionLimits = ConnectionLimits(idleTime: .hours(1), arrivalTime: .hours(1)),
    connections: Int = 10_000, budget: BodyBudget = BodyBudget(),
    _ body: @escaping @Sendable (_ port: Int) async throws -> Value
) async throws -> Value {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let app = try app ?? ToyApp()
    let server = WebServer(
        host: "127.0.0.1", port: 0, connections: connections, responder: app.responder, limits: limits,
        budget: budget, logger: app.log.logger
    ) { port.yield($0) }
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        var running = ports.makeAsyncIterator()
        let value = try await body(await running.next() ?? 0)
        group.cancelAll()
        return value
    }
}
