package import CareSyncCore

/// A seat for what counts, measures or traces requests. It is told of each one when its response is made, whatever the
/// response is, and holds nothing up.
package struct RequestObserver: Sendable {
    package let responded: @Sendable (RequestSummary) -> Void

    package init(_ responded: @escaping @Sendable (RequestSummary) -> Void) {
        self.responded = responded
    }
}

/// A request and its response, without anything that a caller wrote.
package struct RequestSummary: Sendable {
    package let requestID: String
    package let method: String
    /// The path as it was declared, such as `/api/doctors/{id}`; empty where nothing is declared.
    package let path: String
    package let role: Role?
    package let status: Int
    /// Of a failure.
    package let code: String?
    package let receivedAt: Instant
    package let respondedAt: Instant
}
