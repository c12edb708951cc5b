import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Foundation
import HTTPTypes
import Identity
import Persistence
import Testing
import WebAPI

@Suite("Blocked addresses")
struct AddressBlockTests {
    private static let none = [String: String]()

    @Test("a block is listed until it is over, and blocking again replaces it", arguments: DatabaseKind.available)
    func lists(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let admin = try await app.admin()
            let first = try await app.post(
                "/api/admin/block-ip?ipAddress=203.0.113.9&reason=Scanner&hoursToBlock=1", as: admin, json: Self.none)
            #expect(first["message"].string == "203.0.113.9 is blocked until 2026-03-10T03:30:00Z.")
            app.time.advance(by: .minutes(1))
            _ = try await app.post("/api/admin/block-ip?ipAddress=2001:DB8:0:0::1", as: admin, json: Self.none)

            let list = try await app.get("/api/admin/blocked-ips", as: admin)
            #expect(list.json.list.map { $0["ipAddress"].string } == ["2001:db8::1", "203.0.113.9"])
            #expect(list["[0].reason"].string == "Blocked by an administrator")
            #expect(list["[1].reason"].string == "Scanner")
            #expect(list["[1].blockedAt"].string == "2026-03-10T02:30:00Z")
            #expect(list["[1].expiresAt"].string == "2026-03-10T03:30:00Z")
            #expect(list["[1].active"].bool == true)

            app.time.advance(by: .minutes(1))
            _ = try await app.post(
                "/api/admin/block-ip?ipAddress=203.0.113.9&hoursToBlock=8760", as: admin, json: Self.none)
            let again = try await app.get("/api/admin/blocked-ips?page=0&size=1", as: admin)
            #expect(again.header("X-Total-Count") == "2")
            #expect(again["[0].ipAddress"].string == "203.0.113.9")
            app.time.advance(by: .days(2))
            #expect(try await app.get("/api/admin/blocked-ips", as: try await app.admin()).json.list.count == 1)
        }
    }

    @Test("an address is unblocked however it is written, and then is not blocked", arguments: DatabaseKind.available)
    func unblocks(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let admin = try await app.admin()
            for address in ["2001:db8::1", "203.0.113.9", "203.0.113.10", "203.0.113.11"] {
                _ = try await app.post("/api/admin/block-ip?ipAddress=\(address)", as: admin, json: Self.none)
            }
            #expect(try await app.delete("/api/admin/blocked-ips/2001%3ADB8%3A0%3A%3A1", as: admin).status == 200)
            let mapped = try await app.post("/api/admin/unblock-ip/::ffff:203.0.113.9", as: admin, json: Self.none)
            #expect(mapped["message"].string == "203.0.113.9 is no longer blocked.")
            let gone = try await app.delete("/api/admin/blocked-ips/203.0.113.9", as: admin)
            #expect(gone.status == 404)
            #expect(gone.problemCode == "IP_NOT_BLOCKED")
            #expect(try await app.delete("/api/admin/blocked-ips/localhost", as: admin).fieldErrors == ["ipAddress"])

            #expect(
                try await app.delete("/api/admin/blocked-ips", as: admin)["message"].string == "Addresses unblocked: 2."
            )
            #expect(try await app.get("/api/admin/blocked-ips", as: admin).text == "[]")
            let none = try await app.post("/api/admin/unblock-all-ips", as: admin, json: Self.none)
            #expect(none["message"].string == "Addresses unblocked: 0.")
        }
    }

    @Test(
        "addresses of one IPv6 network are unblocked together, and a block that is shortened is",
        arguments: DatabaseKind.available)
    func network(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let admin = try await app.admin()
            let isBlocked = { @Sendable in app.system.identity.addressGuard.verdict($0, app.time.now) == .closed }
            for (address, hours) in [("2001:db8::1", 5), ("2001:db8::2", 1), ("2001:db8:0:1::1", 1)] {
                let path = "/api/admin/block-ip?ipAddress=\(address)&hoursToBlock=\(hours)"
                _ = try await app.post(path, as: admin, json: Self.none)
            }
            #expect(try await app.get("/api/admin/blocked-ips", as: admin).json.list.count == 3)
            let shorter = "/api/admin/block-ip?ipAddress=2001:db8::1&hoursToBlock=1"
            _ = try await app.post(shorter, as: admin, json: Self.none)
            app.time.advance(by: .minutes(59))
            #expect(isBlocked("2001:db8::3"))
            app.time.advance(by: .minutes(1))
            #expect(!isBlocked("2001:db8::3"))

            let again = try await app.signIn(admin.username, admin.password, role: .admin)
            for address in ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"] {
                let path = "/api/admin/block-ip?ipAddress=\(address)"
                _ = try await app.post(path, as: again, json: Self.none)
            }
            #expect(try await app.delete("/api/admin/blocked-ips/2001:db8::3", as: again).status == 200)
            #expect(!isBlocked("2001:db8::1"))
            #expect(isBlocked("2001:db8:0:1::9"))
            let left = try await app.get("/api/admin/blocked-ips", as: again)
            #expect(left.json.list.map { $0["ipAddress"].string } == ["2001:db8:0:1::1"])
            #expect(
                try await app.delete("/api/admin/blocked-ips/2001:db8::1", as: again).problemCode == "IP_NOT_BLOCKED")
        }
    }

    @Test("expired blocks are removed by the clean-up", arguments: DatabaseKind.available)
    func retention(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let admin = try await app.admin()
            for hours in [1, 5] {
                let path = "/api/admin/block-ip?ipAddress=203.0.113.\(hours)&hoursToBlock=\(hours)"
                _ = try await app.post(path, as: admin, json: Self.none)
            }
            app.time.advance(by: .hours(2))
            let answer = try await app.post(
                "/api/admin/cleanup-expired", as: try await app.signIn(admin.username, admin.password, role: .admin),
                json: Self.none)
            #expect(answer["message"].string == "Blocks that were over: 1.")
            let left: [String] = try await app.database.read { try $0.values("SELECT address FROM address_blocks") }
            #expect(left == ["203.0.113.5"])
        }
    }

    @Test(
        "what cannot be blocked is refused by its field",
        arguments: [
            ("", "ipAddress"), ("ipAddress=", "ipAddress"), ("ipAddress=localhost", "ipAddress"),
            ("ipAddress=203.0.113.256", "ipAddress"), ("ipAddress=203.0.113.0/24", "ipAddress"),
            ("ipAddress=203.0.113.9&hoursToBlock=0", "hoursToBlock"),
            ("ipAddress=203.0.113.9&hoursToBlock=-1", "hoursToBlock"),
            ("ipAddress=203.0.113.9&hoursToBlock=8761", "hoursToBlock"),
            ("ipAddress=203.0.113.9&hoursToBlock=99999999999999999999", "hoursToBlock"),
            ("ipAddress=203.0.113.9&reason=a%0Ab", "reason"),
        ])
    func badInput(_ query: String, _ field: String) async throws {
        try await withApp { app in
            let answer = try await app.post("/api/admin/block-ip?\(query)", as: try await app.admin(), json: Self.none)
            #expect(answer.status == 400)
            #expect(answer.fieldErrors == [field])
        }
    }

    @Test("every change is audited with what was before and after")
    func audited() async throws {
        try await withApp { app in
            let admin = try await app.admin()
            let block = "/api/admin/block-ip?ipAddress=203.0.113.9&reason=Scanner&hoursToBlock=1"
            _ = try await app.post(block, as: admin, json: Self.none)
            app.time.advance(by: .minutes(1))
            _ = try await app.delete("/api/admin/blocked-ips/203.0.113.9", as: admin)
            let log = try await app.get("/api/admin/audit?entity=address_blocks", as: admin)
            #expect(log.json.list.map { $0["before"].string } == ["BLOCKED UNTIL 2026-03-10T03:30:00Z", "OPEN"])
            #expect(log["[1].reason"].string == "Scanner")
            #expect(log["[1].after"].string == "BLOCKED UNTIL 2026-03-10T03:30:00Z")
            #expect(log["[1].entityId"].string == "203.0.113.9")
        }
    }

    @Test("a blocked address gets 403 on every path but the health checks, and only that address does")
    func acts() async throws {
        let server = try LiveServer(environment: ["CARESYNC_TRUSTED_PROXIES": "127.0.0.1"])
        #expect(try await server.command(["seed", "--demo"]).status == 0)
        try await server.start()
        let client = ProxiedClient(server: server)
        let login = try await client.send(
            "POST", "/api/auth/login", from: "198.51.100.1", body: #"{"username":"admin","password":"Admin#Demo2026"}"#)
        let token = try #require(login["accessToken"].string, "\(login.text)")
        func admin(_ method: String, _ path: String) async throws -> TestResponse {
            try await client.send(method, path, from: "198.51.100.1", token: token, body: "{}")
        }
        #expect(try await admin("POST", "/api/admin/block-ip?ipAddress=203.0.113.9").status == 200)
        let paths = ["/api/auth/check-availability", "/api/nothing", "/v3/api-docs", "/api/admin/users"]
        for path in paths {
            let refused = try await client.send("GET", path, from: "203.0.113.9")
            #expect(refused.status == 403)
            #expect(refused.problemCode == "IP_BLOCKED")
            #expect(try await client.send("GET", path, from: "203.0.113.10").status != 403)
        }
        for path in ["/health/live", "/health/ready", "/actuator/health"] {
            #expect(try await client.send("GET", path, from: "203.0.113.9").status == 200)
        }
        #expect(try await admin("POST", "/api/admin/block-ip?ipAddress=198.51.100.1").problemCode == "OWN_ADDRESS")
        #expect(try await admin("POST", "/api/admin/block-ip?ipAddress=127.0.0.1").problemCode == "LOOPBACK_EXEMPT")
        #expect(try await admin("DELETE", "/api/admin/blocked-ips/203.0.113.9").status == 200)
        #expect(try await client.send("GET", paths[0], from: "203.0.113.9").status == 200)
        await server.stop()
    }

    @Test("from a network of the administration its people lift the block of their own address")
    func administration() async throws {
        let server = try LiveServer(environment: [
            "CARESYNC_TRUSTED_PROXIES": "127.0.0.1", "CARESYNC_ADMIN_NETWORKS": "10.20.0.0/16, 192.0.2.0/24",
        ])
        #expect(try await server.command(["seed", "--demo"]).status == 0)
        try await server.start()
        let client = ProxiedClient(server: server)
        func logIn(from address: String) async throws -> TestResponse {
            try await client.send(
                "POST", "/api/auth/login", from: address, body: #"{"username":"admin","password":"Admin#Demo2026"}"#)
        }
        let other = try #require(try await logIn(from: "198.51.100.1")["accessToken"].string)
        for address in ["10.20.0.5", "203.0.113.9"] {
            let path = "/api/admin/block-ip?ipAddress=\(address)"
            let blocked = try await client.send("POST", path, from: "198.51.100.1", token: other, body: "{}")
            #expect(blocked.status == 200)
        }
        // What a client claims about itself stands left of what the proxy has seen.
        for claimed in ["203.0.113.9", "10.20.0.5, 203.0.113.9", "192.0.2.1,203.0.113.9"] {
            #expect(try await logIn(from: claimed).problemCode == "IP_BLOCKED")
        }
        let admin = try #require(try await logIn(from: "10.20.0.5")["accessToken"].string)
        let lifted = try await client.send(
            "DELETE", "/api/admin/blocked-ips/10.20.0.5", from: "10.20.0.5", token: admin, body: "{}")
        #expect(lifted.status == 200)
        await server.stop()
    }
}

/// Sends requests the way a proxy does that names its client.
private struct ProxiedClient {
    let server: LiveServer

    func send(
        _ method: String, _ path: String, from address: String, token: String? = nil, body: String = ""
    ) async throws -> TestResponse {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: x", "Connection: close", "X-Forwarded-For: \(address)"]
        if !body.isEmpty { lines += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] }
        if let token { lines.append("Authorization: Bearer \(token)") }
        let (status, text) = RawConnection.parse(
            try await server.exchange(lines.joined(separator: "\r\n") + "\r\n\r\n" + body))
        return TestResponse(status: status, headers: [:], bytes: Array(text.utf8))
    }
}
