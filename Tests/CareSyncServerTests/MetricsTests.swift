import CareSyncCore
import CareSyncMetrics
import CareSyncTesting
import Foundation
import HTTPTypes
import Persistence
import Testing

@testable import CareSyncServer

@Suite("Metrics")
struct MetricsTests {
    private static let requests = "caresync_http_requests_total"

    @Test("administrators read them on the port of the API; nobody else does")
    func access() async throws {
        try await withApp { app in
            #expect(try await app.get("/metrics").status == 401)
            let patient = try await app.registerPatient()
            #expect(try await app.get("/metrics", as: patient).status == 403)
            let admin = try await app.admin()
            let response = try await app.get("/metrics", as: admin)
            #expect(response.status == 200)
            #expect(response.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
            let metrics = try PrometheusText(response.text)
            #expect(metrics.samples.allSatisfy { $0.name.hasPrefix("caresync_") })
            #expect(metrics.types.keys.allSatisfy { metrics.help[$0] != nil })
            let denied = ["method": "GET", "route": "/metrics", "code": "403"]
            #expect(metrics.value(Self.requests, denied) == 1)
            #expect(metrics.value("caresync_http_request_duration_seconds_count", denied) == 1)
            #expect(metrics.value("caresync_database_up") == 1)
        }
    }

    @Test("hostile paths, methods and names make no series of their own")
    func hostilePaths() async throws {
        try await withApp { app in
            let admin = try await app.admin()
            for number in 0..<200 {
                _ = try await app.get("/api/nothing/\(number)/asha-rao%22%7D")
                _ = try await app.get("/api/doctors/\(number)", as: admin)
                _ = try await app.send(try #require(.init("BREW\(number)")), "/api/doctors/\(number)")
            }
            let text = try await app.get("/metrics", as: admin).text
            let counted = try PrometheusText(text).samples.filter { $0.name == Self.requests }
            #expect(!text.contains("asha") && !text.contains("BREW"))
            #expect(counted.count < 20)
            let unmatched = counted.filter { $0.labels["route"] == "unmatched" }
            #expect(unmatched.reduce(0) { $0 + $1.value } == 400)
            let declared = counted.filter { $0.labels["route"] == "/api/doctors/{id}" }
            #expect(declared.reduce(0) { $0 + $1.value } == 200)
        }
    }

    @Test("the outbox tells how much is due and for how long, by way of an index", arguments: DatabaseKind.available)
    func outbox(_ kind: DatabaseKind) async throws {
        try await withApp(kind) { app in
            let admin = try await app.admin()
            let before = try PrometheusText(try await app.get("/metrics", as: admin).text)
            let due = try #require(before.value("caresync_outbox_due_messages"))
            try await app.database.write { db in
                for number in 0..<3 {
                    try db.run(
                        """
                        INSERT INTO outbox (kind, key, payload, created_at, due_at)
                        VALUES ('test.idle', \("\(number)"), '{}', \(db.now), \(db.now - .seconds(90)))
                        """)
                }
            }
            app.time.advance(by: .seconds(10))
            let after = try PrometheusText(try await app.get("/metrics", as: admin).text)
            #expect(after.value("caresync_outbox_due_messages") == due + 3)
            #expect(after.value("caresync_outbox_oldest_due_seconds") == 100)
            #expect(after.value("caresync_outbox_parked_messages") == 0)
        }
    }

    @Test("a database that is gone is told, and the rest stays readable")
    func databaseGone() async throws {
        try await withApp { app in
            await app.database.close()
            let metrics = try PrometheusText(await app.system.metrics.text())
            #expect(metrics.value("caresync_database_up") == 0)
            #expect(metrics.value("caresync_process_resident_memory_bytes") != nil)
        }
    }

    @Test("with a port of their own they need no sign-in there, and are not on the port of the API")
    func ownPort() async throws {
        let free = try ScriptedServer(.send("")).port
        let server = try LiveServer(environment: ["CARESYNC_METRICS_PORT": "\(free)"])
        try await server.start()
        let connection = try RawConnection(port: free)
        try connection.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let (status, body) = RawConnection.parse(await connection.readToEnd())
        #expect(status == 200)
        let metrics = try PrometheusText(body)
        #expect(metrics.value("caresync_http_open_connections") == 0)
        let other = try RawConnection(port: free)
        try other.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        #expect(RawConnection.parse(await other.readToEnd()).status == 404)
        #expect(try await server.get("/metrics").status == 404)
        #expect(await server.stop() == 0)
    }

    @Test("a method that HTTP does not know is OTHER, and a path that is not declared is unmatched")
    func other() throws {
        let registry = MetricsRegistry()
        let metrics = HTTPMetrics(registry: registry, paths: ["/api/doctors/{id}"])
        for number in 0..<1_000 { metrics.count("BREW\(number)", "/asha/\(number)", 405, nanoseconds: 1) }
        let labels = ["method": "OTHER", "route": "unmatched", "code": "405"]
        #expect(try PrometheusText(registry.text()).value(Self.requests, labels) == 1_000)
    }

    @Test("counting a request costs little")
    func cost() throws {
        let metrics = HTTPMetrics(
            registry: MetricsRegistry(), paths: (0..<300).map { "/api/things/{id}/part-\($0)" })
        let paths = (0..<64).map { "/api/things/{id}/part-\($0 * 3)" }
        let count = 200_000
        let time = ContinuousClock().measure {
            for index in 0..<count {
                metrics.count("GET", paths[index & 63], index & 7 == 0 ? 404 : 200, nanoseconds: Int64(index))
            }
        }
        let nanoseconds =
            Double(time.components.attoseconds) / 1e9 / Double(count) + Double(time.components.seconds) * 1e9
            / Double(count)
        print("metrics: \(Int(nanoseconds)) ns a request (debug build)")
        #expect(nanoseconds < 20_000, "far beyond what a debug build on a busy machine needs")
    }
}
