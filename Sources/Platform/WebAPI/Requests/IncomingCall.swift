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
    /// As the router writes it: `/api/doctors/:0`. Parameters are numbered there, because the router takes `:id` and
    /// `:doctorId` for two places and a path would find the methods of one of them only.
    let routerPath: String

    init(_ path: String) {
        var names: [String] = []
        let segments = path.split(separator: "/").map { segment -> String in
            guard segment.hasPrefix("{"), segment.hasSuffix("}") else { return String(segment) }
            let name = String(segment.dropFirst().dropLast())
            names.append(name)
            return ":" + Self.routerName(names.count - 1)
        }
        parameterNames = names
        routerPath = "/" + segments.joined(separator: "/")
    }

    static func routerName(_ index: Int) -> Substring { Substring(String(index)) }
}
