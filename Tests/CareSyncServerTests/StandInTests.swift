import CareSyncTesting
import Foundation
import Testing

@Suite("The stand-in of Razorpay beside the program")
struct StandInTests {
    /// Where the start lines say that it listens.
    private func port(_ server: LiveServer) throws -> Int {
        struct Stored: Decodable { let port: Int }
        let file = URL(fileURLWithPath: server.directory + "/data/razorpay-stand-in/account.json")
        return try JSONDecoder().decode(Stored.self, from: Data(contentsOf: file)).port
    }

    private func get(_ path: String, on port: Int) async throws -> (status: Int, body: String) {
        let connection = try RawConnection(port: port)
        try connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return RawConnection.parse(await connection.readToEnd())
    }

    /// Waits until somebody listens there.
    private func waitForStandIn(on port: Int) async throws {
        for _ in 0..<600 {
            if let answer = try? await get("/stand-in/behaviour", on: port) {  // Nobody listens yet.
                #expect(answer.status == 200)
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("Nobody listens on \(port).")
    }

    @Test("serve starts it in development, and another process takes over where the first one ends")
    func takeOver() async throws {
        let first = try LiveServer()
        try await first.start()
        let port = try port(first)
        try await waitForStandIn(on: port)
        let second = try LiveServer(environment: first.commandEnvironment)
        try await second.start()
        let check = try await first.command(["check"])
        #expect(check.output.contains("payments: the stand-in of Razorpay on http://127.0.0.1:\(port), no money moves"))
        await first.kill()
        try await waitForStandIn(on: port)
        #expect(await second.stop() == 0)
    }

    @Test("with an account of one's own there is none, and production never has one")
    func none() async throws {
        let account = [
            "CARESYNC_RAZORPAY_KEY_ID": "rzp_test_own", "CARESYNC_RAZORPAY_KEY_SECRET": "s",
            "CARESYNC_RAZORPAY_WEBHOOK_SECRET": "w",
        ]
        let server = try LiveServer(environment: account)
        try await server.start()
        #expect(!FileManager.default.fileExists(atPath: server.directory + "/data/razorpay-stand-in"))
        #expect(try await server.command(["check"]).output.contains("payments: Razorpay, key rzp_test_own\n"))
        await server.stop()
        let production = try await server.command(
            ["check"], environment: ["CARESYNC_ENV": "production", "CARESYNC_RAZORPAY_KEY_ID": "rzp_test_StandIn1"])
        #expect(
            production.errors.contains("CARESYNC_RAZORPAY_KEY_ID belongs to the stand-in, which production refuses"))
    }
}
