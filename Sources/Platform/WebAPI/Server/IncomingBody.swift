import Hummingbird
import NIOCore

/// The body of a request.
enum IncomingBody: Sendable {
    /// All of it came with the request's head.
    case whole(ByteBuffer)
    case arriving(ArrivingBody)
    /// Outside a connection of ours.
    case sequence(RequestBody)

    /// Waits for all of it. Throws `NIOTooManyBytesError` when there is more than `limit`.
    func collect(upTo limit: Int) async throws -> ByteBuffer {
        switch self {
        case .whole(let bytes):
            guard bytes.readableBytes <= limit else { throw NIOTooManyBytesError(maxBytes: limit) }
            return bytes
        case .arriving(let body): return try await body.collect(upTo: limit)
        case .sequence(let body): return try await body.collect(upTo: limit)
        }
    }
}

/// A body that comes piece by piece. Until somebody asks for it the connection reads ``unaskedBytes`` ahead and no more;
/// what nobody asked for is thrown away.
final class ArrivingBody: @unchecked Sendable {
    // Safe: touched only on the event loop of its connection, where the task of the request runs as well.
    private enum State {
        case unasked
        case collecting(limit: Int, UnsafeContinuation<ByteBuffer, any Error>)
        case closed
    }

    private var state = State.unasked
    private var bytes: ByteBuffer
    private var end: Result<Void, any Error>?
    /// Called when somebody begins to wait for the rest.
    private let onDemand: () -> Void

    /// How much is read before the request is admitted.
    static let unaskedBytes = 64 << 10

    init(_ bytes: ByteBuffer, onDemand: @escaping () -> Void) {
        self.bytes = bytes
        self.onDemand = onDemand
    }

    /// Whether more should be read from the socket.
    var isHungry: Bool {
        if case .unasked = state { bytes.readableBytes < Self.unaskedBytes } else { true }
    }

    func collect(upTo limit: Int) async throws -> ByteBuffer {
        guard case .unasked = state else { return ByteBuffer() }
        return try await withUnsafeThrowingContinuation { caller in
            state = .collecting(limit: limit, caller)
            settle()
            if case .collecting = state { onDemand() }
        }
    }

    func append(_ part: ByteBuffer) {
        var part = part
        if case .closed = state { return }
        bytes.writeBuffer(&part)
        settle()
    }

    func finish(_ outcome: Result<Void, any Error>) {
        guard end == nil else { return }
        end = outcome
        settle()
    }

    private func settle() {
        guard case .collecting(let limit, let caller) = state else { return }
        let answer: Result<ByteBuffer, any Error>
        if bytes.readableBytes > limit {
            answer = .failure(NIOTooManyBytesError(maxBytes: limit))
        } else if let end {
            answer = end.map { bytes }
        } else {
            return
        }
        state = .closed
        bytes = ByteBuffer()
        caller.resume(with: answer)
    }
}
