import Foundation
package import HTTPServer
import HTTPTypes
import NIOCore
import NIOHTTP1

/// The HTTP side of the stand-in: the API below `/v1`, the checkout, and `/stand-in` to control it.
package struct StandInServer: RequestResponder {
    let gateway: StandInGateway

    private static let largestBody = 1 << 20
    /// How long a call hangs that nobody gives up.
    private static let hanging = Duration.seconds(120)

    package init(_ gateway: StandInGateway) {
        self.gateway = gateway
    }

    package func respond(to request: ServerRequest) async -> ServerResponse {
        guard let body = try? await request.body.collect(upTo: Self.largestBody) else {  // Whatever broke it off.
            return Self.response(StandInAnswer(VendorRefusal("The request is too large", status: 413)))
        }
        let parts = request.path.split(separator: "/").map { $0.removingPercentEncoding ?? "" }
        let read = StandInRequest(
            method: request.method.rawValue, path: Array(parts.dropFirst()),
            query: StandInForm.fields(request.query), body: Array(body.readableBytesView),
            authorization: request.headers[.authorization], refundKey: Self.refundKey(request))
        switch parts.first {
        case "v1" where parts.dropFirst() == ["checkout.js"]: return Self.response(StandInScript.answer)
        case "v1": return await call(read)
        case "checkout": return Self.response(StandInCheckout(gateway: gateway).answer(read))
        case "stand-in": return Self.response(StandInControl(gateway: gateway).answer(read))
        case nil: return Self.response(StandInPages.welcome)
        default: return Self.response(StandInAnswer(VendorRefusal.unknownURL))
        }
    }

    package func refuse(_ refusal: RequestRefusal, of request: ServerRequest) -> ServerResponse {
        Self.response(StandInAnswer(VendorRefusal.noJSON))
    }

    private static func refundKey(_ request: ServerRequest) -> String? {
        HTTPField.Name("X-Refund-Idempotency").flatMap { request.headers[$0] }
    }

    /// A call of the API, with the misbehaviour that is asked for.
    private func call(_ request: StandInRequest) async -> ServerResponse {
        let (wish, takesEffect) = gateway.nextCall()
        let answer = takesEffect ? StandInAPI(gateway: gateway).answer(request) : nil
        switch wish {
        case .normal: return Self.response(answer ?? StandInAnswer(VendorRefusal.unknownURL))
        case .hang:
            try? await Task.sleep(for: Self.hanging)  // Ends with the connection.
            return Self.broken
        case .reset: return Self.broken
        case .slow:
            return ServerResponse(
                status: 200, headers: ["Content-Type": "application/json"],
                body: .stream(length: nil) {
                    writer in
                    for _ in 0..<120 {
                        try await writer.write(ByteBuffer(string: " "))
                        try await Task.sleep(for: .seconds(1))
                    }
                    throw BodyWriter.ClientGone()
                })
        case .html: return Self.response(StandInAnswer(text: StandInPages.trouble, type: StandInPages.type))
        case .badGateway:
            return Self.response(StandInAnswer(text: StandInPages.trouble, type: StandInPages.type, status: 502))
        case .serverError:
            return Self.response(
                StandInAnswer(
                    VendorRefusal(
                        "We are facing some trouble completing your request.", status: 500, code: "SERVER_ERROR")))
        case .tooMany:
            return Self.response(
                StandInAnswer(VendorRefusal("Request failed because of too many requests", status: 429)))
        }
    }

    /// A head, and the end of the connection before the body.
    private static var broken: ServerResponse {
        ServerResponse(status: 200, headers: [:], body: .stream(length: 1) { _ in throw BodyWriter.ClientGone() })
    }

    private static func response(_ answer: StandInAnswer) -> ServerResponse {
        var headers: HTTPHeaders = ["Content-Type": answer.type, "Cache-Control": "no-store"]
        if let location = answer.location { headers.add(name: "Location", value: location) }
        return ServerResponse(status: answer.status, headers: headers, body: .bytes(ByteBuffer(bytes: answer.bytes)))
    }
}

/// Fields of a query or of a form that was sent.
enum StandInForm {
    /// Of several fields with one name the last one counts.
    static func fields(_ text: String) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields[plain(parts[0])] = parts.count > 1 ? plain(parts[1]) : ""
        }
        return fields
    }

    private static func plain(_ text: Substring) -> String {
        text.replacing("+", with: " ").removingPercentEncoding ?? ""
    }
}
