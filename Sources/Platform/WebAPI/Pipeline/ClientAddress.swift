import CareSyncCore

/// Who is at the other end, seen through trusted proxies only: a header from anyone else could name any address.
package struct ClientAddress: Sendable {
    private let trustedProxies: Set<String>

    /// Addresses of the proxies in front, as the socket shows them.
    package init(trustedProxies: [String]) {
        self.trustedProxies = Set(trustedProxies.map { IPAddress($0)?.description ?? $0 })
    }

    /// In its one spelling: the right-most hop of `X-Forwarded-For` that is not a trusted proxy, if the socket's peer is one.
    func resolve(peer: String, forwardedFor: String?) -> String {
        let peer = Self.spelled(peer)
        guard trustedProxies.contains(peer), let forwardedFor else { return peer }
        let hops = forwardedFor.split(separator: ",").map { hop in
            let text = Self.host(hop.filter { $0 != " " && $0 != "\t" })
            return IPAddress(text)?.description ?? text
        }
        // Everything left of the first untrusted hop is the client's own claim, even if that hop is not an address.
        guard let hop = hops.last(where: { !trustedProxies.contains($0) }), IPAddress(hop) != nil else { return peer }
        return hop
    }

    /// Without the port that some proxies add: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
    private static func host(_ hop: String) -> String {
        if hop.first == "[", let end = hop.firstIndex(of: "]") { return String(hop[..<end].dropFirst()) }
        let parts = hop.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? String(parts[0]) : hop
    }

    /// The system spells addresses in one way, but for IPv4 on a socket that listens on both.
    private static func spelled(_ peer: String) -> String {
        peer.hasPrefix("::ffff:") ? IPAddress(peer)?.description ?? peer : peer
    }
}
