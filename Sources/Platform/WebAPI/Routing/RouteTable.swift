import HTTPTypes

/// What is declared for one path.
struct PathRoutes: Sendable {
    let template: PathTemplate
    private(set) var responders: [HTTPRequest.Method: RouteResponder] = [:]

    init(template: PathTemplate) {
        self.template = template
    }

    /// GET routes answer HEAD as well.
    mutating func add(_ responder: RouteResponder, for method: HTTPRequest.Method) {
        responders[method] = responder
        if method == .get { responders[.head] = responder }
    }

    /// Takes over the methods that only a more general template declares.
    mutating func adopt(_ other: PathRoutes) {
        responders.merge(other.responders) { own, _ in own }
    }

    var allowed: String { responders.keys.map(\.rawValue).sorted().joined(separator: ", ") }
}

/// Who answers the methods of one path; any method that nothing declares gets 405.
struct PathResponders: Sendable {
    private let get: RouteResponder
    private let post: RouteResponder
    private let others: [HTTPRequest.Method: RouteResponder]
    private let refusal: RouteResponder

    init(_ routes: PathRoutes) {
        refusal = .refusedMethod(allowed: routes.allowed)
        get = routes.responders[.get] ?? refusal
        post = routes.responders[.post] ?? refusal
        others = routes.responders
    }

    func responder(for method: HTTPRequest.Method) -> RouteResponder {
        switch method {
        case .get: get
        case .post: post
        default: others[method] ?? refusal
        }
    }
}

/// Finds the route of a path. Paths without parameters, which most requests have, are looked up as a whole.
struct RouteTable: Sendable {
    private let whole: [String: PathResponders]
    private let root: Node

    /// - Parameter table: paths as ``PathTemplate/routerPath`` writes them.
    init(_ table: [String: PathRoutes]) {
        let responders = table.mapValues(PathResponders.init)
        whole = responders.filter { table[$0.key]?.template.parameterNames.isEmpty == true }
        root = Node(responders.map { (path: $0.key.split(separator: "/")[...], responders: $0.value) })
    }

    func find(_ path: String) -> PathResponders? {
        if let found = whole[path] { return found }
        return root.descend(path.split(separator: "/")[...])?.responders
    }

    /// One segment of a path, and what may follow it.
    private final class Node: Sendable {
        let responders: PathResponders?
        private let literals: [Substring: Node]
        private let parameter: Node?

        init(_ routes: [(path: ArraySlice<Substring>, responders: PathResponders)]) {
            responders = routes.first { $0.path.isEmpty }?.responders
            let longer = Dictionary(grouping: routes.filter { !$0.path.isEmpty }) { $0.path.first ?? "" }
                .mapValues { routes in routes.map { (path: $0.path.dropFirst(), responders: $0.responders) } }
            literals = longer.filter { !$0.key.hasPrefix(":") }.mapValues(Node.init)
            let parameters = longer.filter { $0.key.hasPrefix(":") }.values.flatMap { $0 }
            parameter = parameters.isEmpty ? nil : Node(parameters)
        }

        /// The most literal path that fits. What it ends at may answer nothing; then nothing else is tried.
        func descend(_ path: ArraySlice<Substring>) -> Node? {
            guard let segment = path.first else { return self }
            let rest = path.dropFirst()
            return literals[segment]?.descend(rest) ?? parameter?.descend(rest)
        }
    }
}
