import CareSyncCore
import Foundation
import NIOCore
import Settings

/// An absolute web address.
package struct WebAddress: Sendable, Equatable {
    /// Without a slash at its end.
    package let text: String
    /// Scheme, host and port as browsers send them in `Origin`.
    package let origin: String
    package let isSecure: Bool

    init(_ text: String) throws {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            scheme == "http" || scheme == "https", let host = parts.host?.lowercased(), !host.isEmpty,
            parts.query == nil, parts.fragment == nil, parts.user == nil
        else { throw SettingError("must be an address such as https://clinic.example; '\(text)' is not one") }
        let standardPort = scheme == "https" ? 443 : 80
        let port = parts.port.flatMap { $0 == standardPort ? nil : ":\($0)" } ?? ""
        origin = "\(scheme)://\(host)\(port)"
        isSecure = scheme == "https"
        var path = parts.path
        while path.hasSuffix("/") { path.removeLast() }
        self.text = origin + path
    }

    /// An address without a path.
    init(origin text: String) throws {
        try self.init(text)
        guard self.text == origin else { throw SettingError("must list origins without a path; '\(text)' has one") }
    }
}

extension SettingValues {
    static func origins(_ text: String) throws -> [String] {
        try list(text).map { try WebAddress(origin: $0).origin }
    }

    static func addresses(_ text: String) throws -> [String] {
        try list(text).map { address in
            guard (try? SocketAddress(ipAddress: address, port: 0)) != nil else {  // The message says what it needs.
                throw SettingError("must list IP addresses; '\(address)' is not one")
            }
            return address
        }
    }
}
