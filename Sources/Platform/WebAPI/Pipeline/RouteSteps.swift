import CareSyncCore
import HTTPServer
import HTTPTypes
import NIOCore

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
    /// `nil` for what is no endpoint.
    static func endpoint(_ exchange: Exchange) throws -> EndpointRoute? {
        if case .endpoint(let endpoint) = exchange.route { return endpoint }
        // Only endpoints know who is calling, and so whether an address that serves administrators only serves the caller.
        guard exchange.arrival.service == .open else { throw Problem.addressBlocked }
        return nil
    }

    /// A page, or what can be done with a path.
    static func other(_ exchange: Exchange) async throws -> Response {
        switch exchange.route {
        case .page(let page): return try await page.answer(RequestMetadata("GET \(page.path)", exchange))
        case .refusedMethod(let allowed):
            guard exchange.request.method == .options else { throw MethodRefusal(allowed: allowed) }
            return Response(
                status: 204, contentType: nil, headers: [("Allow", allowed + ", OPTIONS")], body: .bytes(ByteBuffer()))
        case .endpoint, nil: throw Problem.unknownRoute
        }
    }
}

/// 405, with what `Allow` says.
struct MethodRefusal: Error {
    let allowed: String
}
