import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// Requests nobody would write by hand.
@Suite("Random requests")
struct RandomRequestTests {
    @Test("seeded requests get no 5xx, and every failure has the error body")
    func random() async throws {
        let requests = RandomRequests(random: SeededRandom(seed: 20_260_701))
        let batch = (0..<TestLength.choose(short: 5_000, long: 100_000)).map { _ in requests.next() }
        let migrations = (TestSchema.platform + ToyFeature.migrations)
        let statuses: [Int: Int] = try await withDatabase(.sqlite, migrations: migrations) { database in
            try await self.statuses(of: batch, ToyApp(database: database))
        }
        // The generator reaches what it is meant to reach.
        for status in [200, 304, 400, 401, 403, 404, 405, 413, 415] {
            #expect(statuses[status, default: 0] > 4, "\(status)")
        }
    }

    private func statuses(of batch: [RandomRequest], _ app: ToyApp) async throws -> [Int: Int] {
        let statuses = try await app.test { toys in
            var statuses: [Int: Int] = [:]
            for request in batch {
                let answer = try await toys.send(
                    request.method, request.uri, bytes: request.body, headers: request.headers)
                statuses[answer.status, default: 0] += 1
                let fault = answer.status < 400 || request.method == .head ? nil : answer.faultOfErrorBody()
                if answer.status >= 500 || fault != nil {
                    Issue.record("\(request) got \(answer.status) \(answer.text.prefix(300)): \(fault ?? "")")
                    break
                }
            }
            return statuses
        }
        #expect(app.log.text.isEmpty)
        return statuses
    }
}

struct RandomRequest: CustomStringConvertible {
    var method: HTTPRequest.Method
    var uri: String
    var headers: [String: String]
    var body: [UInt8]?

    var description: String { "\(method) \(uri) \(headers) \(String(decoding: body ?? [], as: UTF8.self))" }
}

/// Requests near the routes there are: known paths, headers and bodies, then damaged.
struct RandomRequests {
    let random: SeededRandom

    private static let methods = [
        "GET", "GET", "GET", "POST", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "BREW",
    ]
    private static let paths = [
        "/api/toys", "/api/toys/5", "/api/toys/search", "/api/toys/5/parts", "/api/names/Ada", "/api/echo",
        "/api/forms",
        "/api/catalogue", "/api/catalogue", "/api/file", "/api/stream", "/api/toys/99999999999999999999", "/", "/api",
        "//api//toys", "*",
    ]
    private static let queries = [
        "?size=2", "?size=2", "?page=0", "?size=100&page=3", "?name=a+b", "?name=%zz", "?color=RED", "?size=-1",
        "?name=x&name=y",
        "?maxPrice=1.5&madeOn=2026-03-01", "?isNew=true&limit=7", "?%00", "?=&&=", "?name=%F0%9F%98%80", "#x?y",
    ]
    private static let headers: [(String, [String])] = [
        (
            "Authorization",
            ["Bearer doctor", "Bearer patient", "Bearer admin", "Bearer blocked", "Bearer x", "Basic", ""]
        ),
        (
            "Content-Type",
            ["application/json", "application/json", "text/plain", "multipart/form-data; boundary=b", ";;=\""]
        ),
        ("Origin", [ToyApp.origin, "http://localhost", "https://evil.example", ""]),
        ("X-Request-Id", ["request-1", "ü", ""]), ("If-None-Match", ["*", "*", "\"x\"", ",,"]),
        ("Idempotency-Key", ["k", "k", "", "ü"]), ("X-Forwarded-For", ["1.1.1.1", ",", "x"]),
        ("Accept", ["application/json", "*/*"]), ("Cookie", ["a=b"]), ("Range", ["bytes=0-1"]),
    ]
    private static let bodies = [
        "", "{}", "[]", "null", "{\"name\":\"Bear\",\"price\":1}", "{\"name\":null}",
        "{\"name\":\"Bär\",\"price\":0.30000000000000004}",
        "{\"name\":\"x\",\"price\":1,\"parts\":[{\"title\":\"t\",\"weight\":1e-7}],\"notes\":{\"a\":\"b\"}}",
        "{\"name\":\"x\",\"price\":1,\"soldAt\":\"2026-03-01T09:30:00+05:30\",\"madeOn\":\"2026-03-01\",\"id\":7}",
        "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b\r\n\r\n",
    ]

    func next() -> RandomRequest {
        var request = RandomRequest(
            method: HTTPRequest.Method(pick(Self.methods)) ?? .get, uri: damaged(pick(Self.paths)) + pick(Self.queries),
            headers: [:], body: nil)
        for (name, values) in Self.headers where chance(4) { request.headers[name] = pick(values) }
        if !chance(5) { request.headers["Authorization"] = "Bearer " + pick(["doctor", "admin", "patient"]) }
        if !chance(5), request.headers["Origin"] != ToyApp.origin { request.headers["Origin"] = nil }
        if !chance(3) {
            request.headers["Content-Type"] = "application/json"
            request.body = Array(chance(2) ? pick(Self.bodies).utf8 : value(depth: 4).utf8)
        } else if chance(2) {
            request.body = Array(pick(Self.bodies).utf8)
        }
        if chance(3) { damage(&request.body) }
        if chance(50) {
            request.method = .post
            request.uri = pick(["/api/echo", "/api/forms", "/api/toys"])
            request.body = Array(repeating: 0x20, count: 70_000)
        }
        return request
    }

    /// A JSON value that may be anything.
    private func value(depth: Int) -> String {
        switch random.below(depth == 0 ? 6 : 9) {
        case 0: return pick(["null", "true", "false"])
        case 1:
            return pick([
                "0", "-1", "1.5", "9007199254740993", "1e309", "-0", "01", "1E-400", "123456789012345678901234567890",
            ])
        case 2...4:
            return pick([
                "\"\"", "\"Bear\"", "\"\\u0041\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"2026-03-01\"", "\"😀\"",
            ])
        case 5: return String(repeating: "[", count: random.below(40))
        case 6: return "[" + (0..<random.below(4)).map { _ in value(depth: depth - 1) }.joined(separator: ",") + "]"
        default:
            let names = ["name", "price", "id", "color", "parts", "notes", "count", "title", "", "a\\nb"]
            let members = (0..<random.below(7)).map { _ in "\"\(pick(names))\":\(value(depth: depth - 1))" }
            return "{" + members.joined(separator: ",") + "}"
        }
    }

    private func damaged(_ path: String) -> String {
        guard chance(5) else { return path }
        var scalars = Array(path.unicodeScalars)
        let extra = pick(["%", "%41", "%00", "/", "..", "é", ";", "~", "%2F", "{id}", ":0", " "]).unicodeScalars
        scalars.insert(contentsOf: extra, at: random.below(scalars.count) + 1)
        if chance(3) { scalars.remove(at: random.below(scalars.count - 1) + 1) }
        return String(String.UnicodeScalarView(scalars))
    }

    private func damage(_ body: inout [UInt8]?) {
        guard var bytes = body, !bytes.isEmpty else { return }
        for _ in 0...random.below(3) {
            let index = random.below(bytes.count)
            switch random.below(3) {
            case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
            default: bytes = Array(bytes[..<(index + 1)])
            }
        }
        body = bytes
    }

    private func pick<Element>(_ list: [Element]) -> Element { list[random.below(list.count)] }

    private func chance(_ bound: Int) -> Bool { random.below(bound) == 0 }
}
