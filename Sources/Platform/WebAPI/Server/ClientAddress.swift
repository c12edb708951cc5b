import NIOCore

/// Who is at the other end, seen through trusted proxies only: a header from anyone else could name any address.
package struct ClientAddress: Sendable {
    private let trustedProxies: Set<String>

    /// Addresses of the proxies in front, as the socket shows them.
    package init(trustedProxies: [String]) {
        self.trustedProxies = Set(trustedProxies)
    }

    /// The right-most hop of `X-Forwarded-For` that is not a trusted proxy, if the socket's peer is one.
    func resolve(peer: SocketAddress?, forwardedFor: String?) -> String {
        let peer = peer?.ipAddress ?? ""
        guard trustedProxies.contains(peer), let forwardedFor else { return peer }
        let hops = forwardedFor.split(separator: ",").map { String($0.filter { $0 != " " }) }
        // What stands left of the first hop that is not ours is the client's own claim, also when that hop is no address.
        guard let hop = hops.last(where: { !trustedProxies.contains($0) }), Self.isAddress(hop) else { return peer }
        return hop
    }

    private static func isAddress(_ text: String) -> Bool {
        (try? SocketAddress(ipAddress: text, port: 0)) != nil  // The failure itself says nothing more.
    }
}
