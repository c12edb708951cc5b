import HTTPClient
import NIOCore

/// The body of an answer, which must have the length that was announced.
struct S3Content: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let body: WebStream?
    let length: Int64

    struct AsyncIterator: AsyncIteratorProtocol {
        var stream: WebStream.AsyncIterator?
        var missing: Int64

        mutating func next() async throws -> ByteBuffer? {
            let chunk: ByteBuffer?
            do {
                chunk = try await stream?.next()
            } catch let failure as WebFailure {
                throw StorageError.unavailable("The object store \(failure).")
            }
            guard let chunk else {
                guard missing == 0 else {
                    throw StorageError.unavailable("The object store ends its answer early.")
                }
                return nil
            }
            missing -= Int64(chunk.readableBytes)
            return chunk
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(stream: body?.makeAsyncIterator(), missing: length)
    }
}
