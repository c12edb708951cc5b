import AsyncHTTPClient
package import NIOCore
import NIOHTTP1

/// An answer whose head is here. Its body is read once, or dropped with the connection.
package struct WebResponse: Sendable {
    package let status: Int
    private let headers: HTTPHeaders
    private let content: HTTPClientResponse.Body
    private let client: WebClient
    private let patience: Duration
    private let end: ContinuousClock.Instant

    init(
        _ answer: HTTPClientResponse, from client: WebClient, patience: Duration, until end: ContinuousClock.Instant
    ) {
        self.client = client
        status = Int(answer.status.code)
        headers = answer.headers
        content = answer.body
        self.patience = patience
        self.end = end
    }

    /// The first header of this name.
    package func header(_ name: String) -> String? { headers.first(name: name) }

    /// The length that the answer announces.
    package var length: Int64? { header("content-length").flatMap { Int64($0) } }

    /// The seconds after which the other side wants to be asked again.
    var retryAfter: Int? { header("retry-after").flatMap { Int($0) }.map { max(0, $0) } }

    /// The body as it comes, 64 KiB at most at once. Each piece has the time of the request to come; how long the
    /// reader takes between pieces does not matter.
    package var body: WebStream { WebStream(content: content, client: client, patience: patience, end: nil) }

    /// The whole body, which must be here within the request's time and have at most `limit` bytes.
    package func collect(upTo limit: Int) async throws -> ByteBuffer {
        var whole = ByteBuffer()
        for try await piece in WebStream(content: content, client: client, patience: patience, end: end) {
            guard whole.readableBytes + piece.readableBytes <= limit else {
                throw WebFailure(reason: .tooLarge, mayHaveArrived: true)
            }
            whole.writeImmutableBuffer(piece)
        }
        return whole
    }
}

/// The body of an answer. Throws ``WebFailure``.
package struct WebStream: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    private static let piece = 65_536

    let content: HTTPClientResponse.Body
    let client: WebClient
    let patience: Duration
    let end: ContinuousClock.Instant?

    package struct AsyncIterator: AsyncIteratorProtocol {
        let reader: BodyReader
        /// Held until the body is read: a client that ends closes its connections.
        let client: WebClient
        let patience: Duration
        let end: ContinuousClock.Instant?
        var pending = ByteBuffer()

        package mutating func next() async throws -> ByteBuffer? {
            if pending.readableBytes == 0 {
                guard let arrived = try await arriving() else { return nil }
                pending = arrived
            }
            return pending.readSlice(length: Swift.min(WebStream.piece, pending.readableBytes))
        }

        private func arriving() async throws -> ByteBuffer? {
            let left = end.map { Swift.min(patience, $0 - .now) } ?? patience
            do {
                return try await withThrowingTaskGroup(of: ByteBuffer?.self) { [reader] group in
                    defer { group.cancelAll() }
                    group.addTask { try await reader.next() }
                    group.addTask {
                        try await Task.sleep(for: left)
                        throw WebFailure(reason: .timedOut, mayHaveArrived: true)
                    }
                    return try await group.next() ?? nil
                }
            } catch {
                try Task.checkCancellation()
                throw WebFailure(error, mayHaveArrived: true)
            }
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(reader: BodyReader(content), client: client, patience: patience, end: end)
    }
}

/// Reads one body for tasks that can be given up.
actor BodyReader {
    private var iterator: HTTPClientResponse.Body.AsyncIterator

    init(_ content: HTTPClientResponse.Body) {
        iterator = content.makeAsyncIterator()
    }

    /// The next piece that is not empty.
    func next() async throws -> ByteBuffer? {
        var own = iterator
        defer { iterator = own }
        while let piece = try await own.next(isolation: self) {
            if piece.readableBytes > 0 { return piece }
        }
        // A task that is cancelled sees an end where there is none.
        try Task.checkCancellation()
        return nil
    }
}
