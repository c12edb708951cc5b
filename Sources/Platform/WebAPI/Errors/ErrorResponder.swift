import CareSyncCore
import HTTPServer
import Logging
import NIOCore
import Persistence

/// Makes the response to whatever a step or a handler has thrown. Nothing else builds error bodies.
struct ErrorResponder: Sendable {
    func response(to error: any Error, _ exchange: inout Exchange) -> Response {
        switch Failure(error) {
        case .problem(let problem): return render(problem, &exchange)
        case .refusedMethod(let allowed): return render(.methodNotAllowed, &exchange, [("Allow", allowed)])
        case .stored(let stored):
            exchange.code = ErrorBody.code(in: stored.body)
            return Response(
                status: stored.status, contentType: Response.jsonType, body: .bytes(ByteBuffer(bytes: stored.body)))
        case .explainedFault(let fault):
            log("\(fault)", exchange)
            return render(fault.problem, &exchange)
        case .storageFault(let failure):
            log("\(failure)", exchange)
            return render(.unavailable, &exchange)
        case .fault:
            // The error's text may quote data, so only its type is logged, or a driver failure's code.
            log(error is DatabaseFailure ? "\(error)" : "\(type(of: error))", exchange)
            return render(.fault, &exchange)
        }
    }

    /// By a name of its own: a problem is an error too, and would find the function above.
    private func render(
        _ problem: Problem, _ exchange: inout Exchange, _ headers: [(String, String)] = []
    ) -> Response {
        let problem = problem.advising(exchange.route?.advice)
        exchange.code = problem.code
        var headers = headers
        if problem.kind == .unauthenticated { headers.append(("WWW-Authenticate", "Bearer")) }
        if let seconds = problem.retryAfter { headers.append(("Retry-After", String(seconds))) }
        if let length = problem.wholeLength { headers.append(("Content-Range", "bytes */\(length)")) }
        let body = ErrorBody(
            problem, path: exchange.request.path, requestID: exchange.arrival.requestID,
            at: exchange.arrival.receivedAt)
        do {
            return Response(
                status: problem.kind.status, contentType: Response.jsonType, headers: headers,
                body: .bytes(ByteBuffer(bytes: try body.bytes())))
        } catch {
            // A problem's details could not be encoded, which is a fault; a fault has none but the route's advice.
            return problem.kind == .fault
                ? Response(status: 500, contentType: nil, body: .bytes(ByteBuffer()))
                : response(to: error, &exchange)
        }
    }

    private func log(_ error: String, _ exchange: Exchange) {
        exchange.request.logger.error(
            "fault",
            metadata: [
                "request": "\(exchange.arrival.requestID)",
                "route": "\(exchange.request.method) \(exchange.route?.path ?? "")", "error": "\(error)",
            ])
    }
}
