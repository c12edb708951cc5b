import CareSyncCore
import HTTPTypes

/// The address guard: a closed address is served nothing, whatever it asks for.
enum AddressStep {
    static func admit(_ exchange: Exchange) throws {
        guard exchange.arrival.service != .closed else { throw Problem.addressBlocked }
    }
}

/// The rule of browser origins.
enum CrossOriginStep {
    /// The response to a preflight; `nil` for any other request of an origin that may use the API.
    static func admit(_ exchange: Exchange) throws -> Response? {
        switch exchange.origin {
        case .refused: throw Problem.originNotAllowed
        case .allowed where exchange.request.method == .options: .preflight
        case .allowed, .sameOrigin: nil
        }
    }
}

/// Who answers.
enum RouteStep {
    /// `nil` for a page.
    static func endpoint(_ exchange: Exchange) throws -> EndpointRoute? {
        if case .endpoint(let endpoint) = exchange.route { return endpoint }
        // Only endpoints know who is calling, and so whether an address that serves administrators only serves the caller.
        guard exchange.arrival.service == .open else { throw Problem.addressBlocked }
        switch exchange.route {
        case .page, .endpoint: return nil
        case .refusedMethod(let allowed): throw MethodRefusal(allowed: allowed)
        case nil: throw Problem.unknownRoute
        }
    }

    static func page(_ exchange: Exchange) throws -> Response {
        guard case .page(let page) = exchange.route else { throw Problem.unknownRoute }
        return try page.answer(RequestMetadata("GET \(page.path)", exchange))
    }
}

/// 405, with what `Allow` says.
struct MethodRefusal: Error {
    let allowed: String
}
