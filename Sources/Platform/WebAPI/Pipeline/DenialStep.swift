import CareSyncCore
import HTTPServer
import Persistence

/// Keeps what signed-in callers are refused, and charges them for it.
struct DenialStep: Sendable {
    let recorder: DenialRecorder
    let rateLimiter: RateLimiter

    /// The error to answer with: the one given, unless a refusal could not be kept.
    func note(_ failure: any Error, _ exchange: Exchange) async -> any Error {
        guard let caller = exchange.caller, case .endpoint(let route) = exchange.route,
            let code = Failure(failure).refusalCode
        else { return failure }
        await rateLimiter.charge(exchange.quota, account: caller.userID, at: exchange.arrival.receivedAt)
        // An unreadable path names nothing; the caller still gets the refusal.
        let values = (try? route.pathValues(in: exchange.request.path)) ?? []
        let denial = Denial(
            origin: exchange.requestOrigin, route: route.name, pathValues: values,
            patient: route.endpoint.subject.patient(in: values), code: code, at: exchange.arrival.receivedAt)
        do {
            try await recorder.record(denial)
            return failure
        } catch {
            return error
        }
    }
}

extension Failure {
    /// The code of a 403, also of one that is sent again for its `Idempotency-Key`.
    fileprivate var refusalCode: String? {
        switch self {
        case .problem(let problem): problem.kind == .forbidden ? problem.code : nil
        case .stored(let response):
            response.status == ProblemKind.forbidden.status ? ErrorBody.code(in: response.body) : nil
        case .refusedMethod, .explainedFault, .storageFault, .fault: nil
        }
    }
}
