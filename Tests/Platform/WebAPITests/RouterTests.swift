import CareSyncCore
import CareSyncTesting
import HTTPTypes
import Testing

@testable import WebAPI

@Suite("Router")
struct RouterTests {
    private struct NamePath: Codable, Sendable {
        var name: String
    }

    private static func client() throws -> SocketClient {
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
        return SocketClient(try APIResponder(endpoints: endpoints, settings: settings))
    }

    @Test("a specific path does not hide the methods of a more general one")
    func generalMethods() async throws {
        let client = try Self.client()
        let added = try await client.execute(uri: "/lists/colours", method: .post)
        #expect(added.status == 200)
        #expect(added.text.contains("add to colours"))
        let read = try await client.execute(uri: "/lists/colours", method: .get)
        #expect(read.text.contains("colours"))
        let anything = try await client.execute(uri: "/things/colours", method: .post)
        #expect(anything.text.contains("anything of things"))
    }

    @Test("a word is no value of a number, so its path has its own methods only")
    func numbers() async throws {
        let client = try Self.client()
        let word = try await client.execute(uri: "/lists/colours/all", method: .delete)
        #expect(word.status == 405)
        #expect(word.headers[.allow] == "GET, HEAD")
        let number = try await client.execute(uri: "/lists/colours/7", method: .delete)
        #expect(number.status == 200)
        let other = try await client.execute(uri: "/lists/colours/none", method: .delete)
        #expect(other.status == 400)
    }

    @Test("other methods are refused with a list of those that work")
    func refused() async throws {
        let client = try Self.client()
        let specific = try await client.execute(uri: "/lists/colours", method: .delete)
        #expect(specific.status == 405)
        #expect(specific.headers[.allow] == "GET, HEAD, POST")
        let general = try await client.execute(uri: "/lists/shapes", method: .get)
        #expect(general.status == 405)
        #expect(general.headers[.allow] == "POST")
    }
}
