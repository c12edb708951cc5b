import CareSyncTesting
import Hummingbird
import HummingbirdCore
import NIOCore
import WebAPI

/// Serves the toys on a free port of this machine, on channels like those of the program. Unless told otherwise they are
/// patient for longer than a busy machine may keep a test waiting.
func withToyServer<Value: Sendable>(
    _ app: ToyApp? = nil, limits: ConnectionLimits = ConnectionLimits(idleTime: .hours(1), arrivalTime: .hours(1)),
    _ body: @escaping @Sendable (_ port: Int) async throws -> Value
) async throws -> Value {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let app = try app ?? ToyApp()
    let application = app.application(server: app.connections(limits)) { channel in
        port.yield(channel.localAddress?.port ?? 0)
    }
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await application.run() }
        var running = ports.makeAsyncIterator()
        let value = try await body(await running.next() ?? 0)
        group.cancelAll()
        return value
    }
}
