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
        let router = Router(context: APIContext.self)
        var methods: [String: Set<HTTPRequest.Method>] = [:]
        for endpoint in endpoints {
            let path = PathTemplate(endpoint.path).routerPath
            guard methods[path, default: []].insert(endpoint.method).inserted else {
                throw Mistake.declaredTwice(endpoint.route)
            }
            let responder = EndpointResponder(endpoint: endpoint, settings: settings)
            router.on(RouterPath(path), method: endpoint.method, responder: responder)
            if endpoint.method == .get, methods[path, default: []].insert(.head).inserted {
                router.on(RouterPath(path), method: .head, responder: responder)
            }
        }
        for page in pages {
            methods[page.path] = [.get, .head]
            for method in [HTTPRequest.Method.get, .head] {
                router.on(RouterPath(page.path), method: method, responder: PageResponder(page: page))
            }
        }
        for (path, known) in methods {
            let general = general(endpoints, for: path, lacking: known)
            for (method, found) in general {
                let responder = EndpointResponder(endpoint: found.0, settings: settings, sources: found.1)
                router.on(RouterPath(path), method: method, responder: responder)
            }
            let answered = known.union(general.keys)
            let allowed = answered.map(\.rawValue).sorted().joined(separator: ", ")
            for method in allMethods where !answered.contains(method) {
                router.on(RouterPath(path), method: method, responder: RefusedMethod(allowed: allowed))
            }
        }
        // Middleware reaches what is added after it: here only what answers where nothing was found.
        router.add(middleware: UnknownRoute())
        return router.buildResponder()
    }

    private static let allMethods: [HTTPRequest.Method] = [.get, .head, .post, .put, .delete, .patch, .options]

    /// The router looks at the most specific path only, so `GET /lists/colours` would hide `POST /lists/{name}` from a
    /// request for `/lists/colours`. These are the endpoints of more general paths that answer the methods `path` lacks.
    private static func general(
        _ endpoints: [Endpoint], for path: String, lacking known: Set<HTTPRequest.Method>
    ) -> [HTTPRequest.Method: (Endpoint, [PathSource])] {
        var found: [HTTPRequest.Method: (Endpoint, [PathSource])] = [:]
        for method in allMethods where !known.contains(method) {
            let wanted = method == .head ? .get : method
            for endpoint in endpoints where endpoint.method == wanted && found[method] == nil {
                if let sources = PathTemplate(endpoint.path).sources(at: path) { found[method] = (endpoint, sources) }
            }
        }
        return found
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
    private let sources: [PathSource]

    init(endpoint: Endpoint, settings: APISettings, sources: [PathSource]? = nil) {
        self.endpoint = endpoint
        self.settings = settings
        self.sources =
            sources ?? PathTemplate(endpoint.path).parameterNames.map { PathSource(name: $0, value: .captured($0)) }
    }

    func respond(to request: Request, context: APIContext) async throws -> Response {
        guard let arrival = context.facts else { throw Problem.fault }
        let caller = try await caller(of: request)
        try settings.rateLimiter.admit(endpoint.settings.rateClass, arrival.address, caller?.userID)
        if let caller, !endpoint.access.admits(caller.role) { throw Problem.accessDenied }
        let facts = RequestFacts(
            route: endpoint.route, path: request.uri.path, query: request.uri.query ?? "", requestID: arrival.requestID,
            receivedAt: arrival.receivedAt, headers: request.headers, body: try await body(of: request))
        let answer = try await endpoint.handle(
            IncomingCall(
                pathValues: try pathValues(context), caller: caller,
                origin: RequestOrigin(principal: caller, requestID: arrival.requestID, address: arrival.address),
                facts: facts, contentType: request.headers[.contentType]))
        return answer.response
    }

    private func caller(of request: Request) async throws -> Principal? {
        guard endpoint.access != .public else { return nil }
        guard let field = request.headers[.authorization] else {
            if endpoint.access.needsToken { throw Problem.unauthenticated }
            return nil
        }
        guard field.utf8.count > 7, field.prefix(7).lowercased() == "bearer " else { throw Problem.unauthenticated }
        return try await settings.authenticator.authenticate(String(field.dropFirst(7)))
    }

    private func body(of request: Request) async throws -> ByteBuffer {
        switch request.method {
        case .get, .head: return ByteBuffer()
        default:
            if let length = request.headers[.contentLength].flatMap(Int.init), length > endpoint.settings.bodyLimit {
                throw Problem.bodyTooLarge
            }
            do {
                return try await request.body.collect(upTo: endpoint.settings.bodyLimit)
            } catch is NIOTooManyBytesError {
                throw Problem.bodyTooLarge
            }
        }
    }

    private func pathValues(_ context: APIContext) throws -> [(name: String, value: String)] {
        try sources.map { source in
            switch source.value {
            case .fixed(let text): return (name: source.name, value: text)
            case .captured(let capture):
                let raw = context.parameters[Substring(capture)] ?? ""
                let value = try QueryText.decode(raw.utf8, plusIsBlank: false, field: source.name)
                return (name: source.name, value: value)
            }
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
        var problem = Problem.methodNotAllowed
        problem.details["allow"] = allowed
        throw problem
    }
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
