/// Answers requests. It is called on the event loop of the request's connection and must not block it.
package protocol RequestResponder: Sendable {
    func respond(to request: ServerRequest) async -> ServerResponse

    /// The answer to an unreadable request.
    func refuse(_ refusal: RequestRefusal, of request: ServerRequest) -> ServerResponse
}

/// Why bytes are not taken for a request.
package enum RequestRefusal: Sendable {
    case malformed
    case headersTooLarge
}
