import AsyncHTTPClient
import CareSyncCore
import NIOHTTP1

/// No answer, or not the whole of it. Says nothing of address, headers or content.
package struct WebFailure: LoggableError, Equatable, CustomStringConvertible {
    package enum Reason: String, Sendable {
        case badAddress = "has an address that cannot be used"
        case unreachable = "cannot be reached"
        case timedOut = "does not answer in time"
        case cut = "ends the connection early"
        case malformed = "does not speak HTTP"
        case tooLarge = "answers more than was expected"
    }

    package let reason: Reason
    /// Whether the other side may have got the whole request.
    package let mayHaveArrived: Bool

    /// The end of a sentence that begins with who was asked.
    package var description: String { reason.rawValue }
}

extension WebFailure {
    init(_ error: any Error, mayHaveArrived: Bool) {
        self.init(reason: Self.reason(error), mayHaveArrived: mayHaveArrived)
    }

    private static func reason(_ error: any Error) -> Reason {
        if let failure = error as? WebFailure { return failure.reason }
        if let broken = error as? HTTPParserError { return broken == .invalidEOFState ? .cut : .malformed }
        switch error as? HTTPClientError {
        case .some(.deadlineExceeded), .some(.connectTimeout), .some(.readTimeout), .some(.writeTimeout),
            .some(.getConnectionFromPoolTimeout), .some(.tlsHandshakeTimeout):
            return .timedOut
        case .some(.invalidURL), .some(.emptyHost), .some(.emptyScheme): return .badAddress
        case .some(.remoteConnectionClosed): return .cut
        default: return .unreachable
        }
    }
}
