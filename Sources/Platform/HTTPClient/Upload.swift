import NIOCore
import Synchronization

/// The body of one attempt. It knows whether it was asked for: until then nothing of it can have arrived.
final class Upload: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    /// How much leaves at once.
    static let piece = 65_536

    let length: Int64
    private let read: @Sendable (_ offset: Int64, _ count: Int) async throws -> ByteBuffer
    private let state = Mutex(State())

    private struct State {
        var isHandedOver = false
        var lastAsked = ContinuousClock.now
        var failure: (any Error)?
    }

    /// `nil` when there is no body.
    init?(_ body: WebBody) {
        switch body {
        case .none: return nil
        case .bytes(let bytes):
            length = Int64(bytes.count)
            read = { offset, count in ByteBuffer(bytes: bytes[Int(offset)..<Int(offset) + count]) }
        case .stream(let length, let read):
            self.length = length
            self.read = read
        }
    }

    var isHandedOver: Bool { state.withLock { $0.isHandedOver } }

    /// When a piece was asked for last, or the attempt began.
    var lastAsked: ContinuousClock.Instant { state.withLock { $0.lastAsked } }

    /// Why the body itself could not be read.
    var failure: (any Error)? { state.withLock { $0.failure } }

    struct AsyncIterator: AsyncIteratorProtocol {
        let upload: Upload
        var offset: Int64 = 0

        mutating func next() async throws -> ByteBuffer? {
            upload.noteAsked()
            guard offset < upload.length else { return nil }
            let piece = try await upload.piece(at: offset)
            offset += Int64(piece.readableBytes)
            return piece
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(upload: self) }

    private func noteAsked() {
        state.withLock { state in
            state.isHandedOver = true
            state.lastAsked = .now
        }
    }

    private func piece(at offset: Int64) async throws -> ByteBuffer {
        do {
            let piece = try await read(offset, Int(Swift.min(Int64(Self.piece), length - offset)))
            guard piece.readableBytes > 0 else { throw EndedEarly() }
            return piece
        } catch {
            // The end of an attempt cancels what still reads for it; that is no failure of the body.
            if !(error is CancellationError) { state.withLock { $0.failure = error } }
            throw error
        }
    }

    /// The body has fewer bytes than were announced.
    struct EndedEarly: Error {}
}
