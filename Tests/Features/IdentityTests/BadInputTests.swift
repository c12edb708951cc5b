import CareSyncCore
import CareSyncTesting
import HTTPTypes
import NIOCore
import Persistence
import Testing
import WebAPI

@testable import Identity

@Suite("Bad input")
struct BadInputTests {
    /// Routes with a body, and its fields.
    static let routes: [(path: String, fields: [String])] = [
        ("register", ["username", "password", "email", "role", "firstName", "lastName"]),
        ("login", ["username", "password"]), ("refresh", ["refreshToken"]), ("logout", ["refreshToken"]),
        ("change-password", ["currentPassword", "newPassword", "confirmPassword"]),
    ]

    @Test(
        "a body that is not what the route asks for is refused, and nothing is written",
        arguments: DatabaseKind.available)
    func bodies(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let token = try await app.register("asha").accessToken
            let before = try await app.count("SELECT count(*) FROM audit_log")
            for (path, fields) in Self.routes {
                for body in Self.broken(fields) {
                    let reply = try await app.send(.post, "/api/auth/\(path)", raw: body, token: token)
                    let label = "\(path): \(body.prefix(80))"
                    #expect((400..<500).contains(reply.status), "\(label)")
                    #expect(reply.failure?.error == reply.failure?.message, "\(label)")
                    #expect(reply.failure != nil, "\(label)")
                    if !body.isEmpty { #expect(!reply.fields.isEmpty, "\(label) \(reply.text)") }
                }
            }
            #expect(try await app.count("SELECT count(*) FROM users") == 1)
            #expect(try await app.count("SELECT count(*) FROM sessions") == 1)
            #expect(try await app.count("SELECT count(*) FROM audit_log") == before)
        }
    }

    private static func broken(_ fields: [String]) -> [String] {
        var bodies = ["", "[]", "null", "7", "\"text\"", "{", "{}}", "{\"a\":1,}", "[[[", "nul"]
        bodies.append(String(repeating: #"{"a":"#, count: 200) + "1" + String(repeating: "}", count: 200))
        for field in fields {
            bodies.append(object(fields, field, "7"))
            bodies.append(object(fields, field, "true"))
            bodies.append(object(fields, field, "[\"x\"]"))
            bodies.append(object(fields, field, "{\"x\":1}"))
            bodies.append(object(fields, field, #""a\u0000b""#))
            bodies.append(object(fields, field, #""a\ud800b""#))
            bodies.append(object(fields, field, #""\udc00""#))
            bodies.append(object(fields, field, "\"a\u{1}b\""))
            bodies.append(#"{"\#(field)":"x","\#(field)":"y"}"#)
        }
        return bodies
    }

    /// A body that is fine but for one field.
    private static func object(_ fields: [String], _ field: String, _ value: String) -> String {
        let good = [
            "username": "ravi", "email": "ravi@example.org", "role": "PATIENT", "firstName": "Ravi",
            "lastName": "Rao", "refreshToken": "x",
        ]
        let members = fields.map { name in
            "\"\(name)\":" + (name == field ? value : "\"\(good[name] ?? IdentityApp.password)\"")
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    @Test("a missing field is named", arguments: DatabaseKind.available)
    func missing(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let token = try await app.register("asha").accessToken
            for (path, fields) in Self.routes {
                for body in ["{}", "{\"\(fields[0])\": null}"] {
                    let reply = try await app.send(.post, "/api/auth/\(path)", raw: body, token: token)
                    #expect(reply.status == 400)
                    #expect(reply.code == "VALIDATION_FAILED")
                    #expect(reply.fields.first == fields[0], "\(path): \(reply.text)")
                }
            }
        }
    }

    @Test(
        "as long a text as a body may hold is refused by its field's name, and a megabyte by the body's size",
        arguments: DatabaseKind.available)
    func megabytes(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            let token = try await app.register("asha").accessToken
            // The other fields and the signs between take less than a KiB.
            let longest = "\"" + String(repeating: "x", count: EndpointSettings.authenticationBodyLimit - 1_024) + "\""
            let megabyte = "\"" + String(repeating: "x", count: 1 << 20) + "\""
            for (path, fields) in Self.routes where path != "logout" {
                for field in fields {
                    let body = Self.object(fields, field, longest)
                    let reply = try await app.send(.post, "/api/auth/\(path)", raw: body, token: token)
                    if path == "refresh" {
                        #expect(reply.code == "REFRESH_INVALID")
                    } else {
                        #expect(reply.status == 400, "\(path) \(field)")
                        #expect(reply.fields.contains(field), "\(path) \(field): \(reply.fields)")
                    }
                    let huge = Self.object(fields, field, megabyte)
                    let refused = try await app.send(.post, "/api/auth/\(path)", raw: huge, token: token)
                    #expect(refused.status == 413, "\(path) \(field)")
                    #expect(refused.code == "PAYLOAD_TOO_LARGE", "\(path) \(field)")
                }
            }
        }
    }

    @Test("bad query values are refused or false, never a fault", arguments: DatabaseKind.available)
    func queries(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            for query in [
                "?username=%00", "?username=%FF", "?username=%", "?username=a&username=b", "?email=%ED%A0%80",
                "?username=%F0%9F%A9%BA", "?email=a%0Ab@c", "?=&&&=", "?username", "?username=abc%2525",
            ] {
                let reply = try await app.send(.get, "/api/auth/check-availability" + query)
                #expect(reply.status == 200 || reply.status == 400, "\(query)")
                if reply.status == 400 { #expect(!reply.fields.isEmpty, "\(query)") }
            }
        }
    }

    @Test("other methods and content types are refused", arguments: DatabaseKind.available)
    func methods(kind: DatabaseKind) async throws {
        try await withIdentity(kind) { app in
            #expect(try await app.send(.get, "/api/auth/login").status == 405)
            #expect(try await app.send(.post, "/api/auth/current-user", raw: "{}").status == 405)
            let form = try await app.client.execute(
                uri: "/api/auth/login", method: .post,
                headers: [.contentType: "application/x-www-form-urlencoded"],
                body: .init(string: "username=a&password=b"))
            #expect(form.status == 415)
        }
    }

    @Test("the wire types have schemas")
    func schemas() async throws {
        try await withIdentity(.sqlite) { app in
            var texts = DocumentTexts(title: "t", version: "1")
            texts.unions["SessionUser"] = DocumentUnion(
                discriminator: "role", [(value: "ADMIN", type: AdministratorResponse.self)])
            let document = try OpenAPIDocument(texts, endpoints: app.feature.endpoints).text
            for word in ["AuthenticationResponse", "CurrentUserResponse", "REFRESH_INVALID", "USERNAME_TAKEN"] {
                #expect(document.contains(word))
            }
        }
    }
}
