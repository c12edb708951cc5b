import Foundation

/// An IPv4 or IPv6 address in its one spelling, so that equal addresses are equal texts.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// Four, or sixteen.
    let bytes: [UInt8]
    /// Dotted, or as RFC 5952 shortens IPv6.
    package let description: String

    /// `nil` when it is not an address. An IPv4-mapped address (`::ffff:192.0.2.1`) is read as IPv4.
    package init?(_ text: String) {
        // The system reads up to the first NUL.
        guard text.utf8.count <= 45, !text.utf8.contains(0),
            let parsed = Self.parse(text, AF_INET, 4) ?? Self.parse(text, AF_INET6, 16)
        else { return nil }
        let isMapped = parsed.count == 16 && parsed.prefix(12).elementsEqual(Self.mappedPrefix)
        bytes = isMapped ? Array(parsed.suffix(4)) : parsed
        guard let spelled = Self.spell(bytes) else { return nil }
        description = spelled
    }

    package var isLoopback: Bool {
        bytes.count == 4 ? bytes.first == 127 : bytes.last == 1 && bytes.dropLast().allSatisfy { $0 == 0 }
    }

    /// The addresses that one customer of an Internet provider controls, named by the first of them: an IPv4 address or
    /// loopback itself, for IPv6 the /64 network.
    package var network: String {
        guard bytes.count == 16, !isLoopback else { return description }
        return Self.spell(Array(bytes.prefix(8)) + [UInt8](repeating: 0, count: 8)) ?? description
    }

    /// The ``network`` of what may be an address; another text stands for itself.
    package static func network(of text: String) -> String {
        // The usual spelling of IPv4 needs no parsing.
        text.utf8.contains(UInt8(ascii: ":")) ? IPAddress(text)?.network ?? text : text
    }

    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    private static func parse(_ text: String, _ family: Int32, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }

    private static func spell(_ bytes: [UInt8]) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &buffer, socklen_t(buffer.count)) != nil else {
            return nil
        }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
