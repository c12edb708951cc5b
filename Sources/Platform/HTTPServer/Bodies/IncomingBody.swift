package import NIOCore

/// The body of a request.
package enum IncomingBody: Sendable {
    /// All of it came with the request's head.
    case whole(ByteBuffer)
    case arriving(ArrivingBody)

    /// Waits for the whole body.
    ///
    /// - Throws: `NIOTooManyBytesError` when there is more than `limit`, ``BodyBudget/Exhausted``, or what broke the body off.
    package func collect(upTo limit: Int) async throws -> ByteBuffer {
        switch self {
        case .whole(let bytes):
            guard bytes.readableBytes <= limit else { throw NIOTooManyBytesError(maxBytes: limit) }
            return bytes
        case .arriving(let body): return try await body.collect(upTo: limit)
        }
    }

    /// Its pieces in order, each read from the socket when it is asked for; the same failures as ``collect(upTo:)``.
    package func pieces(upTo limit: Int) -> BodyPieces { BodyPieces(body: self, limit: limit) }
}

/// A body as it arrives. To be read once, by the task of its request.
package struct BodyPieces: AsyncSequence, Sendable {
    let body: IncomingBody
    let limit: Int

    package struct Iterator: AsyncIteratorProtocol {
        var body: IncomingBody
        let limit: Int
        var count = 0

        package mutating func next() async throws -> ByteBuffer? {
            let piece: ByteBuffer?
            switch body {
            case .whole(let bytes):
                piece = bytes.readableBytes > 0 ? bytes : nil
                body = .whole(ByteBuffer())
            case .arriving(let arriving): piece = try await arriving.next()
            }
            count += piece?.readableBytes ?? 0
            guard count <= limit else { throw NIOTooManyBytesError(maxBytes: limit) }
            return piece
        }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(body: body, limit: limit) }
}
