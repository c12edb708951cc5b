import CareSyncCore
import HTTPTypes
import NIOCore
import Persistence

/// A document that is not part of the API, such as Swagger UI's files.
package struct StaticPage: Sendable {
    let path: String
    let answer: @Sendable (RequestMetadata) throws -> Response

    package init(_ path: String, _ answer: @escaping @Sendable (RequestMetadata) throws -> Response) {
        self.path = path
        self.answer = answer
    }
}

/// Makes the table of routes, with an answer 405 for every path to the methods it lacks.
enum APIRouter {
    enum Mistake: Error, CustomStringConvertible {
        case declaredTwice(String)
        case unknownSubject(String)

        var description: String {
            switch self {
            case .declaredTwice(let route): "\(route) is declared twice."
            case .unknownSubject(let route): "\(route) is about a patient whom its path does not name."
            }
        }
    }

    static func build(endpoints: [Endpoint], pages: [StaticPage], settings: APISettings) throws -> RouteTable {
        var table: [String: PathRoutes] = [:]
        for endpoint in endpoints {
            let template = PathTemplate(endpoint.path, numbers: try numbers(of: endpoint))
            guard endpoint.subject.isNamed(in: template) else { throw Mistake.unknownSubject(endpoint.route) }
            var routes = table[template.routerPath] ?? PathRoutes(template: template)
            guard routes.responders[endpoint.method] == nil else { throw Mistake.declaredTwice(endpoint.route) }
            routes.add(.endpoint(EndpointResponder(endpoint: endpoint, settings: settings)), for: endpoint.method)
            table[template.routerPath] = routes
        }
        for page in pages {
            guard table[page.path] == nil else { throw Mistake.declaredTwice("GET \(page.path)") }
            var routes = PathRoutes(template: PathTemplate(page.path))
            routes.add(.page(page), for: .get)
            table[page.path] = routes
        }
        return RouteTable(completed(table))
    }

    /// The path parameters that are whole numbers.
    private static func numbers(of endpoint: Endpoint) throws -> Set<String> {
        guard !endpoint.operation.pathNames.isEmpty else { return [] }
        let fields = try SchemaComponents().fields(of: endpoint.operation.parameters)
        return Set(
            fields.filter { field in
                if case .scalar(let type) = field.type { type.kind == .integer } else { false }
            }.map(\.name))
    }

    /// The most literal path that fits is taken, and nothing else is looked at. So a path also answers the methods that
    /// only a more general template declares: `POST /api/master/{type}` beside `GET /api/master/genders`.
    private static func completed(_ table: [String: PathRoutes]) -> [String: PathRoutes] {
        // The most literal of several general templates wins, in every process the same one.
        let byGenerality = table.values.sorted {
            ($0.template.parameterNames.count, $0.template.routerPath)
                < ($1.template.parameterNames.count, $1.template.routerPath)
        }
        return table.mapValues { routes in
            var routes = routes
            for other in byGenerality where other.template.covers(routes.template) { routes.adopt(other) }
            return routes
        }
    }
}

/// Who answers a request.
enum RouteResponder: Sendable {
    case endpoint(EndpointResponder)
    case page(StaticPage)
    case refusedMethod(allowed: String)

    /// As it was declared.
    var path: String {
        switch self {
        case .endpoint(let responder): responder.endpoint.path
        case .page(let page): page.path
        case .refusedMethod: ""
        }
    }

    var advice: String? {
        if case .endpoint(let responder) = self { responder.endpoint.settings.advice } else { nil }
    }

    func respond(to request: ServerRequest, _ arrival: ArrivalMetadata) async throws -> Response {
        switch self {
        case .endpoint(let responder): return try await responder.respond(to: request, arrival)
        // Only endpoints know who is calling.
        case _ where arrival.service != .open: throw Problem.addressBlocked
        case .page(let page):
            return try page.answer(
                RequestMetadata("GET \(page.path)", request, arrival, body: ByteBuffer()))
        case .refusedMethod(let allowed): throw MethodRefusal(allowed: allowed)
        }
    }
}

/// Answers one endpoint: quota, caller, role, body, handler.
final class EndpointResponder: Sendable {
    let endpoint: Endpoint
    private let route: String
    private let settings: APISettings
    private let path: PathTemplate
    private let limits: RateLimits?

    init(endpoint: Endpoint, settings: APISettings) {
        self.endpoint = endpoint
        route = endpoint.route
        self.settings = settings
        path = PathTemplate(endpoint.path)
        limits = endpoint.limits
    }

    func respond(to request: ServerRequest, _ arrival: ArrivalMetadata) async throws -> Response {
        var admission = try await settings.rateLimiter.admit(limits, address: arrival.address, at: arrival.receivedAt)
        do {
            var answer = try await respond(to: request, arrival, &admission)
            admission?.add(to: &answer.headers)
            return answer
        } catch let error as QuotaFailure {
            throw error
        } catch {
            guard let admission else { throw error }
            throw QuotaFailure(error, admission)
        }
    }

    private func respond(
        to request: ServerRequest, _ arrival: ArrivalMetadata, _ admission: inout RateLimiter.Admission?
    ) async throws -> Response {
        if arrival.service != .open { try await requireAdministrator(request) }
        let caller = try await caller(of: request)
        let origin = RequestOrigin(
            principal: caller, requestID: arrival.requestID, address: arrival.address,
            userAgent: request.headers[.userAgent])
        if let caller, admission != nil {
            try await settings.rateLimiter.admit(&admission, account: caller.userID, at: arrival.receivedAt)
        }
        do {
            return try await answer(request, arrival, caller, origin)
        } catch {
            if let caller, try await record(error, origin, request) {
                await settings.rateLimiter.charge(admission, account: caller.userID, at: arrival.receivedAt)
            }
            throw error
        }
    }

    private func answer(
        _ request: ServerRequest, _ arrival: ArrivalMetadata, _ caller: Principal?, _ origin: RequestOrigin
    ) async throws -> Response {
        if let caller, !endpoint.access.admits(caller.role) { throw Problem.accessDenied }
        if let caller, let proof = endpoint.settings.stepUp {
            guard try await settings.stepUp.isFresh(caller, proof, arrival.receivedAt) else {
                throw proof == .factor ? Problem.factorRequired : .stepUpRequired
            }
        }
        return try await endpoint.handle(
            IncomingRequest(
                pathValues: try pathValues(request.path), caller: caller, origin: origin,
                metadata: RequestMetadata(
                    route, request, arrival, body: try await body(of: request),
                    advice: endpoint.settings.advice),
                contentType: request.headers[.contentType]))
    }

    /// Whether the error is a refusal that was recorded.
    private func record(_ error: any Error, _ origin: RequestOrigin, _ request: ServerRequest) async throws -> Bool {
        guard case .problem(let problem) = Failure(error), problem.kind == .forbidden else { return false }
        // A path that cannot be read names nothing; the caller is told of the refusal all the same.
        let values = (try? pathValues(request.path)) ?? []
        try await settings.denials.record(
            Denial(
                origin: origin, route: route, pathValues: values, patient: endpoint.subject.patient(in: values),
                code: problem.code))
        return true
    }

    private func caller(of request: ServerRequest) async throws -> Principal? {
        guard endpoint.access != .public else { return nil }
        guard let token = try bearerToken(of: request) else {
            if endpoint.access.needsToken { throw Problem.unauthenticated }
            return nil
        }
        let caller = try await settings.authenticator.authenticate(token)
        guard let due = step(due: caller) else { return caller }
        if endpoint.access.needsToken { throw due }
        return nil
    }

    private func bearerToken(of request: ServerRequest) throws -> String? {
        guard let field = request.headers[.authorization] else { return nil }
        guard field.utf8.count > 7, field.prefix(7).lowercased() == "bearer " else { throw Problem.unauthenticated }
        return String(Substring(field.utf8.dropFirst(7).drop { $0 == UInt8(ascii: " ") }))
    }

    /// From an address that serves administrators only, public endpoints look at the token, too. A token that has run out
    /// is answered as everywhere, so that the client refreshes it.
    private func requireAdministrator(_ request: ServerRequest) async throws {
        guard !endpoint.settings.judgesAddress else { return }
        guard let token = try bearerToken(of: request),
            try await settings.authenticator.authenticate(token).role == .admin
        else { throw Problem.addressBlocked }
    }

    /// What an account has to do before this endpoint admits it.
    private func step(due caller: Principal) -> Problem? {
        if caller.mustChangePassword, !endpoint.settings.admitsGeneratedPassword { return .passwordChangeRequired }
        if caller.mustEnrollFactor, !endpoint.settings.admitsMissingFactor { return .factorEnrollmentRequired }
        return nil
    }

    private func body(of request: ServerRequest) async throws -> ByteBuffer {
        guard request.method != .get, request.method != .head else { return ByteBuffer() }
        let limit = endpoint.settings.bodyLimit
        let announced = request.headers[.contentLength].flatMap(Int.init) ?? 0
        guard announced <= limit else { throw tooLarge }
        do {
            let body = try await request.body.collect(upTo: limit)
            // Outside a connection of ours the end of the connection counts as the end of the body.
            guard body.readableBytes >= announced else { throw Problem.malformedHTTP }
            return body
        } catch is NIOTooManyBytesError {
            throw tooLarge
        } catch let error as CancellationError {
            throw error
        } catch {
            // The connection broke off, or what came was not HTTP: no fault of ours, and nobody reads the answer.
            throw Problem.malformedHTTP
        }
    }

    private var tooLarge: Problem { endpoint.operation.body is MultipartForm.Type ? .fileTooLarge : .bodyTooLarge }

    private func pathValues(_ requestPath: String) throws -> [(name: String, value: String)] {
        guard !path.parameterNames.isEmpty else { return [] }
        return try path.rawValues(in: requestPath).map { name, raw in
            (name: name, value: try QueryText.decode(raw.utf8, plusIsBlank: false, field: name))
        }
    }
}

/// 405, with what `Allow` says.
struct MethodRefusal: Error {
    let allowed: String
}
