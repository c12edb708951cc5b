import CareSyncCore
package import HTTPServer
import Logging

extension APIResponder: RequestResponder {
    package func respond(to request: ServerRequest) async -> ServerResponse {
        let rendered = await answer(request)
        var response = head.response(of: rendered)
        if case .stream(let length, let produce) = response.body {
            response.body = .stream(length: length) { writer in
                do {
                    try await produce(writer)
                } catch let error where !(error is BodyWriter.ClientGone || error is CancellationError) {
                    // Its head has been sent, so only the log is told; and only the type, as for every fault.
                    request.logger.error(
                        "broken stream",
                        metadata: [
                            "request": "\(rendered.metadata.requestID)", "error": "\(type(of: error))",
                        ])
                    throw error
                }
            }
        }
        return response
    }

    package func refuse(_ refusal: RequestRefusal, of request: ServerRequest) -> ServerResponse {
        let problem: Problem =
            switch refusal {
            case .malformed: .malformedHTTP
            case .headersTooLarge: .headersTooLarge
            }
        return head.response(of: self.refusal(problem, of: request))
    }
}
