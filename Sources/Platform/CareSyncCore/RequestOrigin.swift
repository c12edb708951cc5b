/// Where a request came from, as far as the audit log keeps it.
package struct RequestOrigin: Sendable, Hashable {
    package let principal: Principal?
    package let requestID: String
    /// The client's address; only trusted proxies may name it.
    package let address: String
    /// The user agent as sent; ``keptUserAgent`` is what is stored.
    package let userAgent: String?

    package init(principal: Principal?, requestID: String, address: String, userAgent: String? = nil) {
        self.principal = principal
        self.requestID = requestID
        self.address = address
        self.userAgent = userAgent
    }

    /// The origin with the account that has just proved who it is.
    package func known(as principal: Principal) -> RequestOrigin {
        RequestOrigin(principal: principal, requestID: requestID, address: address, userAgent: userAgent)
    }

    /// At most 255 characters of what the client says it is, without control characters.
    package var keptUserAgent: String? {
        guard let userAgent else { return nil }
        // Nearly all are short and plain.
        if userAgent.utf8.count <= 255, userAgent.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return userAgent }
        let visible = userAgent.unicodeScalars.lazy.filter { $0.properties.generalCategory != .control }
        return String(String.UnicodeScalarView(visible.prefix(255)))
    }

    /// Work of the server itself, such as a timer.
    package static func system(_ job: String) -> RequestOrigin {
        RequestOrigin(principal: nil, requestID: job, address: "")
    }
}
