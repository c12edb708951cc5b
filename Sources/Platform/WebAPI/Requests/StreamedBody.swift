import CareSyncCore
import HTTPServer
package import NIOCore

/// A body that a handler takes as it arrives: quota, caller and gate have been judged before its first byte is read, and
/// the client sends no faster than the handler reads. The endpoint's body limit holds; beyond it the next piece throws 413.
///
/// To be read once. An `Idempotency-Key` knows such a request by its path and query only.
package struct StreamedBody: Decodable, Sendable, AsyncSequence {
    private let body: IncomingBody
    private let limit: Int
    private let tooLarge: Problem

    init(_ body: IncomingBody, limit: Int, tooLarge: Problem) {
        self.body = body
        self.limit = limit
        self.tooLarge = tooLarge
    }

    /// A stream never comes as JSON.
    package init(from decoder: any Decoder) throws {
        throw InvalidValue("must be a body of its own")
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate var pieces: BodyPieces.Iterator
        fileprivate let tooLarge: Problem

        package mutating func next() async throws -> ByteBuffer? {
            do {
                return try await pieces.next()
            } catch {
                throw BodyFailure.problem(error, tooLarge: tooLarge)
            }
        }
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(pieces: body.pieces(upTo: limit).makeAsyncIterator(), tooLarge: tooLarge)
    }
}

/// What it means to the client that its body could not be read.
enum BodyFailure {
    static func problem(_ error: any Error, tooLarge: Problem) -> any Error {
        switch error {
        case is NIOTooManyBytesError: tooLarge
        case is BodyBudget.Exhausted: Problem.unavailable
        case is CancellationError: error
        // The connection broke, or what came was not HTTP: not a fault, and nobody reads the answer.
        default: Problem.malformedHTTP
        }
    }
}
