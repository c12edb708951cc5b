import CareSyncCore
import HTTPServer
import HTTPTypes
import Persistence

/// What is known of a request before it is routed.
struct ArrivalMetadata: Sendable {
    let requestID: String
    let address: String
    /// Who may be served at the address.
    let service: AddressGuard.Verdict
    let receivedAt: Instant
}

/// A request on its way through the steps of ``APIResponder``, with what each of them has found out.
struct Exchange: Sendable {
    let request: ServerRequest
    let arrival: ArrivalMetadata
    let origin: CrossOrigin.Verdict
    /// Who answers the path and method; `nil` where nothing is declared.
    let route: RouteResponder?
    /// What the request has drawn from its quotas; `nil` until it does, and where nothing is limited.
    var quota: QuotaUse?
    /// The code of the failure that the request ended with.
    var code: String?
    /// Who is calling, once that is known.
    var caller: Principal?

    init(_ request: ServerRequest, _ arrival: ArrivalMetadata, origin: CrossOrigin.Verdict, route: RouteResponder?) {
        self.request = request
        self.arrival = arrival
        self.origin = origin
        self.route = route
    }

    /// What the audit log keeps of the request.
    var requestOrigin: RequestOrigin {
        RequestOrigin(
            principal: caller, requestID: arrival.requestID, address: arrival.address,
            userAgent: request.headers[.userAgent])
    }

    func rendered(_ response: Response) -> RenderedResponse {
        RenderedResponse(answer: response, metadata: arrival, verdict: origin)
    }
}
