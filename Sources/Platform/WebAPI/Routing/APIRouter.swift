import CareSyncCore
import HTTPServer
import HTTPTypes
import NIOCore

/// A document that is not part of the API, such as Swagger UI's files.
package struct StaticPage: Sendable {
    package let path: String
    let answer: @Sendable (RequestMetadata) async throws -> Response

    package init(_ path: String, _ answer: @escaping @Sendable (RequestMetadata) async throws -> Response) {
        self.path = path
        self.answer = answer
    }

    /// Plain HTML that is finished, without styles, scripts or pictures.
    package init(_ path: String, html: String) {
        let bytes = ByteBuffer(string: html)
        self.init(path) { _ in Response(contentType: "text/html; charset=utf-8", body: .bytes(bytes)) }
    }
}

/// Builds the table of routes; every path answers 405 to the methods it lacks.
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

    static func build(endpoints: [Endpoint], pages: [StaticPage]) throws -> RouteTable {
        var table: [String: PathRoutes] = [:]
        for endpoint in endpoints {
            let template = PathTemplate(endpoint.path, numbers: try numbers(of: endpoint))
            guard endpoint.subject.isNamed(in: template) else { throw Mistake.unknownSubject(endpoint.route) }
            var routes = table[template.routerPath] ?? PathRoutes(template: template)
            guard routes.responders[endpoint.method] == nil else { throw Mistake.declaredTwice(endpoint.route) }
            routes.add(.endpoint(EndpointRoute(endpoint)), for: endpoint.method)
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

/// What answers a request.
enum RouteResponder: Sendable {
    case endpoint(EndpointRoute)
    case page(StaticPage)
    case refusedMethod(allowed: String)

    /// As it was declared.
    var path: String {
        switch self {
        case .endpoint(let route): route.endpoint.path
        case .page(let page): page.path
        case .refusedMethod: ""
        }
    }

    var advice: String? {
        if case .endpoint(let route) = self { route.endpoint.settings.advice } else { nil }
    }
}
