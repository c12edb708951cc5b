import CareSyncCore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import WebAPI

@Suite("Router")
struct RouterTests {
    private struct NamePath: Codable, Sendable {
        var name: String
    }

    private static func app() throws -> some ApplicationProtocol {
        let endpoints: [Endpoint] = [
            .get("/lists/colours", "Colours", access: .public) {
                (_: EndpointRequest<NoParameters, NoBody>) async throws -> MessageResponse in
                MessageResponse(message: "colours")
            },
            .post("/lists/{name}", "Add", access: .public) {
                (request: EndpointRequest<NamePath, NoBody>) async throws -> MessageResponse in
                MessageResponse(message: "add to \(request.parameters.name)")
            },
            .delete("/lists/colours/{id}", "Remove", access: .public) {
                (request: EndpointRequest<IDPath<UserTag>, NoBody>) async throws -> MessageResponse in
                MessageResponse(message: "removed \(request.parameters.id)")
            },
            .get("/lists/colours/all", "All", access: .public) {
                (_: EndpointRequest<NoParameters, NoBody>) async throws -> MessageResponse in
                MessageResponse(message: "all")
            },
            .post("/{name}/{rest}", "Anything", access: .public) {
                (request: EndpointRequest<NamePath, NoBody>) async throws -> MessageResponse in
                MessageResponse(message: "anything of \(request.parameters.name)")
            },
        ]
        let settings = APISettings(
            authenticator: Authenticator { _ in throw Problem.unauthenticated }, time: .system, random: .system)
        return Application(responder: try APIResponder(endpoints: endpoints, settings: settings))
    }

    @Test("a specific path does not hide the methods of a more general one")
    func generalMethods() async throws {
        try await Self.app().test(.router) { client in
            let added = try await client.execute(uri: "/lists/colours", method: .post)
            #expect(added.status == .ok)
            #expect(String(buffer: added.body).contains("add to colours"))
            let read = try await client.execute(uri: "/lists/colours", method: .get)
            #expect(String(buffer: read.body).contains("colours"))
            let anything = try await client.execute(uri: "/things/colours", method: .post)
            #expect(String(buffer: anything.body).contains("anything of things"))
        }
    }

    @Test("a word is no value of a number, so its path has its own methods only")
    func numbers() async throws {
        try await Self.app().test(.router) { client in
            let word = try await client.execute(uri: "/lists/colours/all", method: .delete)
            #expect(word.status == .methodNotAllowed)
            #expect(word.headers[.allow] == "GET, HEAD")
            let number = try await client.execute(uri: "/lists/colours/7", method: .delete)
            #expect(number.status == .ok)
            let other = try await client.execute(uri: "/lists/colours/none", method: .delete)
            #expect(other.status == .badRequest)
        }
    }

    @Test("other methods are refused with a list of those that work")
    func refused() async throws {
        try await Self.app().test(.router) { client in
            let specific = try await client.execute(uri: "/lists/colours", method: .delete)
            #expect(specific.status == .methodNotAllowed)
            #expect(specific.headers[.allow] == "GET, HEAD, POST")
            let general = try await client.execute(uri: "/lists/shapes", method: .get)
            #expect(general.status == .methodNotAllowed)
            #expect(general.headers[.allow] == "POST")
        }
    }
}
