import CareSyncCore
import Persistence

/// A request whose caller is known and admitted, before its parts are decoded.
struct IncomingRequest: Sendable {
    /// Values of the path parameters, percent-decoded.
    let pathValues: [(name: String, value: String)]
    let caller: Principal?
    let origin: RequestOrigin
    let metadata: RequestMetadata
    let contentType: String?
    /// For a handler that takes the body as it arrives; `nil` when the body is in ``metadata``.
    let stream: StreamedBody?
}

/// A path such as `/api/doctors/{id}`.
struct PathTemplate {
    private enum Segment: Equatable {
        case literal(Substring)
        case parameter(String)
    }

    private let segments: [Segment]
    let parameterNames: [String]
    private let numbers: Set<String>

    /// - Parameter numbers: the parameters whose values are whole numbers.
    init(_ path: String, numbers: Set<String> = []) {
        self.numbers = numbers
        segments = path.split(separator: "/").map { segment in
            guard segment.hasPrefix("{"), segment.hasSuffix("}") else { return .literal(segment) }
            return .parameter(String(segment.dropFirst().dropLast()))
        }
        parameterNames = segments.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    }

    /// As the router writes it: `/api/doctors/:0`. Parameters are numbered there, because the router takes `:id` and
    /// `:doctorId` for two places and a path would find the methods of one of them only.
    var routerPath: String {
        var count = 0
        let parts = segments.map { segment -> String in
            guard case .literal(let text) = segment else {
                count += 1
                return ":\(count - 1)"
            }
            return String(text)
        }
        return "/" + parts.joined(separator: "/")
    }

    /// Whether every path of the other template fits this one too, and this one is more general. A word does not fit
    /// where a number is meant: `/patient/{id}` has nothing to say about `/patient/book`.
    func covers(_ other: PathTemplate) -> Bool {
        guard segments.count == other.segments.count, routerPath != other.routerPath else { return false }
        return zip(segments, other.segments).allSatisfy { own, theirs in
            switch (own, theirs) {
            case (.parameter(let name), .literal(let text)): !numbers.contains(name) || Int64(text) != nil
            case (.parameter, .parameter): true
            case (.literal, _): own == theirs
            }
        }
    }

    /// The values of the parameters in a path that fits, still percent-encoded.
    func rawValues(in path: String) -> [(name: String, value: Substring)] {
        zip(segments, path.split(separator: "/")).compactMap { segment, value in
            if case .parameter(let name) = segment { (name: name, value: value) } else { nil }
        }
    }
}
