import CareSyncCore
import HTTPTypes
import Hummingbird
import NIOCore
import Persistence

/// A document that is not part of the API, such as Swagger UI's files.
package struct StaticPage: Sendable {
    let path: String
    let answer: @Sendable (RequestFacts) throws -> Answer

    package init(_ path: String, _ answer: @escaping @Sendable (RequestFacts) throws -> Answer) {
        self.path = path
        self.answer = answer
    }
}

/// Registers endpoints with Hummingbird's router, and for every path an answer 405 to the methods it lacks.
enum APIRouter {
    enum Mistake: Error, CustomStringConvertible {
        case declaredTwice(String)

        var description: String {
            switch self {
            case .declaredTwice(let route): "\(route) is declared twice."
            }
        }
    }

    static func build(
        endpoints: [Endpoint], pages: [StaticPage], settings: APISettings
    ) throws -> RouterResponder<APIContext> {
        var table: [String: PathRoutes] = [:]
        for endpoint in endpoints {
            let template = PathTemplate(endpoint.path, numbers: try numbers(of: endpoint))
            var routes = table[template.routerPath] ?? PathRoutes(template: template)
            guard routes.responders[endpoint.method] == nil else { throw Mistake.declaredTwice(endpoint.route) }
            routes.add(EndpointResponder(endpoint: endpoint, settings: settings), for: endpoint.method)
            table[template.routerPath] = routes
        }
        for page in pages {
            guard table[page.path] == nil else { throw Mistake.declaredTwice("GET \(page.path)") }
            var routes = PathRoutes(template: PathTemplate(page.path))
            routes.add(PageResponder(page: page), for: .get)
            table[page.path] = routes
        }
        return register(table)
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

    /// The router takes the most literal path that fits and looks no further. So a path also answers the methods that
    /// only a more general template declares: `POST /api/master/{type}` beside `GET /api/master/genders`.
    private static func register(_ table: [String: PathRoutes]) -> RouterResponder<APIContext> {
        let router = Router(context: APIContext.self)
        // The most literal of several general templates wins, in every process the same one.
        let byGenerality = table.values.sorted {
            ($0.template.parameterNames.count, $0.template.routerPath)
                < ($1.template.parameterNames.count, $1.template.routerPath)
        }
        for (path, routes) in table {
            var responders = routes.responders
            for other in byGenerality where other.template.covers(routes.template) {
                responders.merge(other.responders) { own, _ in own }
            }
            let allowed = responders.keys.map(\.rawValue).sorted().joined(separator: ", ")
            for method in routedMethods {
                let responder = responders[method] ?? RefusedMethod(allowed: allowed)
                router.on(RouterPath(path), method: method, responder: AnyResponder(responder))
            }
        }
        // Middleware reaches what is added after it: here only what answers where nothing was found.
        router.add(middleware: UnknownRoute())
        return router.buildResponder()
    }

    /// What the router is asked for: any other method counts as OPTIONS, which no endpoint has, so that a known path
    /// answers 405 to it.
    static func routed(_ request: Request) -> Request {
        guard !routedMethods.contains(request.method) else { return request }
        var head = request.head
        head.method = .options
        return Request(head: head, body: request.body)
    }

    private static let routedMethods: [HTTPRequest.Method] = [.get, .post, .put, .delete, .patch, .head, .options]
}

/// What is declared for one path.
private struct PathRoutes {
    let template: PathTemplate
    private(set) var responders: [HTTPRequest.Method: any HTTPResponder<APIContext>] = [:]

    init(template: PathTemplate) {
        self.template = template
    }

    /// What answers GET answers HEAD as well.
    mutating func add(_ responder: any HTTPResponder<APIContext>, for method: HTTPRequest.Method) {
        responders[method] = responder
        if method == .get { responders[.head] = responder }
    }
}

/// Lets responders of several kinds stand in one table.
private struct AnyResponder: HTTPResponder {
    private let base: any HTTPResponder<APIContext>

    init(_ base: any HTTPResponder<APIContext>) {
        self.base = base
    }

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try await base.respond(to: request, context: context)
    }
}

/// Hummingbird turns errors of its own into bare answers; ours pass through to the error body.
private struct UnknownRoute: RouterMiddleware {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        throw Problem.unknownRoute
    }
}

/// Answers one endpoint: quota, caller, role, body, handler.
private struct EndpointResponder: HTTPResponder {
    private let endpoint: Endpoint
    private let settings: APISettings
    private let path: PathTemplate
    private let limits: RateLimits?

    init(endpoint: Endpoint, settings: APISettings) {
        self.endpoint = endpoint
        self.settings = settings
        path = PathTemplate(endpoint.path)
        limits = endpoint.limits
    }

    func respond(to request: Request, context: APIContext) async throws -> Response {
        guard let arrival = context.facts else { throw Problem.fault }
        context.coreContext.endpointPath.value = endpoint.path
        var admission = try await settings.rateLimiter.admit(limits, address: arrival.address, at: arrival.receivedAt)
        do {
            var response = try await respond(to: request, context, arrival, &admission)
            admission?.add(to: &response.headers)
            return response
        } catch let error as QuotaFailure {
            throw error
        } catch {
            guard let admission else { throw error }
            throw QuotaFailure(error, admission)
        }
    }

    private func respond(
        to request: Request, _ context: APIContext, _ arrival: ArrivalFacts, _ admission: inout RateLimiter.Admission?
    ) async throws -> Response {
        let caller = try await caller(of: request)
        let origin = RequestOrigin(
            principal: caller, requestID: arrival.requestID, address: arrival.address,
            userAgent: request.headers[.userAgent])
        if let caller, admission != nil {
            try await settings.rateLimiter.admit(&admission, account: caller.userID, at: arrival.receivedAt)
        }
        do {
            return try await answer(request, context, arrival, caller, origin)
        } catch {
            if let caller, try await record(error, origin, request) {
                await settings.rateLimiter.charge(admission, account: caller.userID, at: arrival.receivedAt)
            }
            throw error
        }
    }

    private func answer(
        _ request: Request, _ context: APIContext, _ arrival: ArrivalFacts, _ caller: Principal?,
        _ origin: RequestOrigin
    ) async throws -> Response {
        if let caller, !endpoint.access.admits(caller.role) { throw Problem.accessDenied }
        let facts = RequestFacts(
            route: endpoint.route, path: request.uri.path, query: request.uri.query ?? "", requestID: arrival.requestID,
            receivedAt: arrival.receivedAt, headers: request.headers, body: try await body(of: request, context))
        let answer = try await endpoint.handle(
            IncomingCall(
                pathValues: try pathValues(request.uri.path), caller: caller, origin: origin, facts: facts,
                contentType: request.headers[.contentType]))
        return answer.response
    }

    /// Whether the error is a refusal that was recorded.
    private func record(_ error: any Error, _ origin: RequestOrigin, _ request: Request) async throws -> Bool {
        guard case .problem(let problem) = Failure(error), problem.kind == .forbidden else { return false }
        // A path that cannot be read names nothing; the caller is told of the refusal all the same.
        let values = (try? pathValues(request.uri.path)) ?? []
        try await settings.denials.record(
            Denial(origin: origin, route: endpoint.route, pathValues: values, code: problem.code))
        return true
    }

    private func caller(of request: Request) async throws -> Principal? {
        guard endpoint.access != .public else { return nil }
        guard let field = request.headers[.authorization] else {
            if endpoint.access.needsToken { throw Problem.unauthenticated }
            return nil
        }
        guard field.utf8.count > 7, field.prefix(7).lowercased() == "bearer " else { throw Problem.unauthenticated }
        let caller = try await settings.authenticator.authenticate(String(field.dropFirst(7)))
        guard caller.mustChangePassword, !endpoint.settings.admitsGeneratedPassword else { return caller }
        if endpoint.access.needsToken { throw Problem.passwordChangeRequired }
        return nil
    }

    private func body(of request: Request, _ context: APIContext) async throws -> ByteBuffer {
        guard request.method != .get, request.method != .head else { return ByteBuffer() }
        let limit = endpoint.settings.bodyLimit
        let announced = request.headers[.contentLength].flatMap(Int.init) ?? 0
        guard announced <= limit else { throw tooLarge }
        context.invite(request)
        do {
            let body = try await request.body.collect(upTo: limit)
            // Hummingbird takes the end of the connection for the end of the body.
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

private struct PageResponder: HTTPResponder {
    let page: StaticPage

    func respond(to request: Request, context: APIContext) async throws -> Response {
        guard let arrival = context.facts else { throw Problem.fault }
        let facts = RequestFacts(
            route: "GET \(page.path)", path: request.uri.path, query: request.uri.query ?? "",
            requestID: arrival.requestID, receivedAt: arrival.receivedAt, headers: request.headers, body: ByteBuffer())
        return try page.answer(facts).response
    }
}

private struct RefusedMethod: HTTPResponder {
    let allowed: String

    func respond(to request: Request, context: APIContext) async throws -> Response {
        throw MethodRefusal(allowed: allowed)
    }
}

/// 405, with what `Allow` says.
struct MethodRefusal: Error {
    let allowed: String
}

extension Answer {
    var response: Response {
        var fields = HTTPFields()
        for header in headers {
            if let name = HTTPField.Name(header.name) { fields.append(HTTPField(name: name, value: header.value)) }
        }
        let content: ResponseBody =
            switch body {
            case .bytes(let buffer): .init(byteBuffer: buffer)
            case .stream(let make): .init(asyncSequence: make())
            }
        return Response(status: .init(code: status), headers: fields, body: content)
    }
}
