package import HTTPTypes
package import Logging
package import NIOHTTP1

/// A request on its way to an endpoint; its body may still be arriving.
package struct ServerRequest: Sendable {
    package let method: HTTPRequest.Method
    /// As sent, without the query.
    package let path: String
    /// What follows the first `?`.
    package let query: String
    package let headers: RequestHeaders
    package let body: IncomingBody
    /// The address at the other end of the socket.
    package let peer: String
    package let logger: Logger

    package init(
        method: HTTPRequest.Method, target: String, headers: RequestHeaders, body: IncomingBody, peer: String,
        logger: Logger
    ) {
        self.method = method
        (path, query) = Self.parts(of: target)
        self.headers = headers
        self.body = body
        self.peer = peer
        self.logger = logger
    }

    /// Path and query of a request target. Of the absolute form the rest behind the authority counts; a fragment, which no
    /// client should send, is not part of the query.
    private static func parts(of target: String) -> (path: String, query: String) {
        let bytes = target.utf8
        var start = bytes.startIndex
        if bytes.first != UInt8(ascii: "/"), let scheme = target.firstRange(of: "://") {
            start = bytes[scheme.upperBound...].firstIndex { pathStarts.contains($0) } ?? bytes.endIndex
        }
        guard let mark = bytes[start...].firstIndex(of: UInt8(ascii: "?")) else {
            return (start == bytes.startIndex ? target : rooted(target[start...]), "")
        }
        let query = bytes[bytes.index(after: mark)...].prefix { $0 != UInt8(ascii: "#") }
        return (rooted(target[start..<mark]), String(Substring(query)))
    }

    private static let pathStarts = [UInt8(ascii: "/"), UInt8(ascii: "?")]

    private static func rooted(_ path: Substring) -> String { path.isEmpty ? "/" : String(path) }
}

/// The header fields of a request.
package struct RequestHeaders: Sendable {
    private let fields: HTTPHeaders

    package init(_ fields: HTTPHeaders) {
        self.fields = fields
    }

    /// The value of a field, without the white space behind it, which the decoder leaves; of several with one name all of
    /// them, with commas between.
    package subscript(name: HTTPField.Name) -> String? {
        let lowercase = name.canonicalName
        var found: String?
        for (field, value) in fields where Self.matches(field, lowercase) {
            let value = Self.trimmed(value)
            found = found.map { "\($0), \(value)" } ?? value
        }
        return found
    }

    /// What the first `Host` says.
    package var host: String? { fields.first(name: "Host").map(Self.trimmed) }

    /// The protocol that the client wants to speak from here on, if it asks for one.
    package var upgrade: String? {
        guard let name = fields.first(name: "Upgrade").map(Self.trimmed),
            self[.connection]?.lowercased().contains("upgrade") == true
        else { return nil }
        return name
    }

    /// Whether there is one `Host`, as every request of HTTP/1.1 has it, or none where that is allowed, and a host in it:
    /// nothing that a host cannot hold (RFC 9112 §3.2).
    func hasSoundHost(isOptional: Bool) -> Bool {
        var count = 0
        for (name, value) in fields where Self.matches(name, "host") {
            count += 1
            if Self.trimmed(value).utf8.contains(where: Self.endsHost) { return false }
        }
        return count == 1 || count == 0 && isOptional
    }

    private static func endsHost(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7F..., UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "@"),
            UInt8(ascii: "\\"):
            true
        default: false
        }
    }

    private static func trimmed(_ value: String) -> String {
        guard let last = value.utf8.last, isBlank(last) else { return value }
        let end = value.utf8.lastIndex { !isBlank($0) }
        return end.map { String(value[...$0]) } ?? ""
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func matches(_ name: String, _ lowercase: String) -> Bool {
        guard name.utf8.count == lowercase.utf8.count else { return false }
        for (given, wanted) in zip(name.utf8, lowercase.utf8) where given != wanted {
            // The other case of a letter differs in one bit; no two characters of a field name do that are not letters.
            guard given | 0x20 == wanted, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(given) else { return false }
        }
        return true
    }
}

extension HTTPRequest.Method {
    init(_ method: HTTPMethod) {
        switch method {
        case .GET: self = .get
        case .POST: self = .post
        case .PUT: self = .put
        case .DELETE: self = .delete
        case .PATCH: self = .patch
        case .HEAD: self = .head
        case .OPTIONS: self = .options
        // The decoder lets tokens through and nothing else.
        default: self = HTTPRequest.Method(method.rawValue) ?? .trace
        }
    }
}
