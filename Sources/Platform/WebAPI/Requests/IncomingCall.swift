import CareSyncCore
import Persistence

/// A request whose caller is known and admitted, before its parts are decoded.
struct IncomingCall: Sendable {
    /// Values of the path parameters, percent-decoded.
    let pathValues: [(name: String, value: String)]
    let caller: Principal?
    let origin: RequestOrigin
    let facts: RequestFacts
    let contentType: String?
}

/// A path such as `/api/doctors/{id}`.
struct PathTemplate {
    let parameterNames: [String]
    /// As the router writes it: `/api/doctors/:id`.
    let routerPath: String

    init(_ path: String) {
        var names: [String] = []
        let segments = path.split(separator: "/").map { segment -> String in
            guard segment.hasPrefix("{"), segment.hasSuffix("}") else { return String(segment) }
            let name = String(segment.dropFirst().dropLast())
            names.append(name)
            return ":" + name
        }
        parameterNames = names
        routerPath = "/" + segments.joined(separator: "/")
    }
}

/// Where the value of a path parameter comes from.
struct PathSource: Sendable {
    enum Value: Sendable {
        /// What the router captured under a name.
        case captured(String)
        /// A literal segment of a more specific path.
        case fixed(String)
    }

    let name: String
    let value: Value
}

extension PathTemplate {
    /// Where the parameters come from when a request for a more specific path, as the router writes it, is answered by
    /// this template; `nil` when the template does not cover that path.
    func sources(at path: String) -> [PathSource]? {
        let (own, others) = (routerPath.split(separator: "/"), path.split(separator: "/"))
        guard own.count == others.count, routerPath != path else { return nil }
        var sources: [PathSource] = []
        for (segment, other) in zip(own, others) {
            if segment.hasPrefix(":") {
                let value: PathSource.Value =
                    other.hasPrefix(":") ? .captured(String(other.dropFirst())) : .fixed(String(other))
                sources.append(PathSource(name: String(segment.dropFirst()), value: value))
            } else if segment != other {
                return nil
            }
        }
        return sources
    }
}
