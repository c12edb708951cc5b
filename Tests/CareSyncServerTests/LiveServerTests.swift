import CareSyncTesting
import Foundation
import Testing

@Suite("The program as a process")
struct LiveServerTests {
    @Test("it serves on an empty folder, and again after it was killed")
    func startAndRestart() async throws {
        let server = try LiveServer()
        try await server.start()
        #expect(try await server.get("/health/ready").status == 200)
        await server.kill()
        try await server.start()
        #expect(try await server.get("/health/ready").status == 200)
        #expect(await server.stop() == 0)
    }

    @Test("several that start together on an empty folder share keys and database")
    func startTogether() async throws {
        let server = try LiveServer()
        try await server.start()
        let others = try (0..<3).map { _ in try LiveServer(environment: server.commandEnvironment) }
        await server.kill()
        try FileManager.default.removeItem(atPath: server.directory + "/data")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for other in others { group.addTask { try await other.start() } }
            try await group.waitForAll()
        }
        for other in others {
            #expect(try await other.get("/health/ready").status == 200)
            #expect(await other.stop() == 0)
        }
    }

    @Test("SIGTERM and SIGINT end it with 0", arguments: [SIGTERM, SIGINT])
    func signals(_ signal: Int32) async throws {
        let server = try LiveServer()
        try await server.start()
        #expect(await server.stop(with: signal) == 0)
    }

    @Test("a running request is answered before the server ends, and no new one is accepted")
    func drains() async throws {
        // A sign-in at this cost is still being checked when the signal comes.
        let server = try LiveServer(environment: ["CARESYNC_BCRYPT_COST": "13"])
        try await server.start()
        let port = server.port
        let connection = try server.connect()
        let body = #"{"username":"nobody","password":"Wrong-Horse-42"}"#
        try connection.send(
            "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        #expect(try await server.get("/health/live").status == 200)
        #expect(await server.stop() == 0)
        #expect(RawConnection.parse(await connection.readToEnd()).status == 401)
        #expect(throws: RawConnection.Failure.self) { try RawConnection(port: port) }
    }

    @Test("configuration mistakes are listed together on standard error, with status 78")
    func configurationMistakes() async throws {
        let server = try LiveServer()
        let result = try await server.command(
            ["serve"], environment: ["CARESYNC_PORT": "x", "CARESYNC_TIME_ZONE": "y"])
        #expect(result.status == 78)
        #expect(result.errors.contains("CARESYNC_PORT must be"))
        #expect(result.errors.contains("CARESYNC_TIME_ZONE must be"))
        #expect(result.output.isEmpty)
    }

    @Test("an address in use ends it with a message and status 1")
    func addressInUse() async throws {
        let server = try LiveServer()
        try await server.start()
        let result = try await server.command(["serve"], environment: ["CARESYNC_PORT": "\(server.port)"])
        #expect(result.status == 1)
        #expect(!result.errors.isEmpty)
        await server.stop()
    }

    @Test("other commands run beside it on the same database")
    func besideServe() async throws {
        let server = try LiveServer()
        try await server.start()
        let check = try await server.command(["check"])
        #expect(check.status == 0)
        #expect(check.output.contains("database: answers; 0 migrations are pending"))
        let migrate = try await server.command(["migrate"])
        #expect(migrate.status == 0)
        #expect(migrate.output.hasPrefix("0 migrations applied"))
        await server.stop()
    }

    @Test("a dry run of the migrations on an empty folder lists them and makes nothing")
    func dryRun() async throws {
        let server = try LiveServer()
        let result = try await server.command(["migrate", "--dry-run"])
        #expect(result.status == 0)
        #expect(result.output.contains("migrations would be applied"))
        #expect(!FileManager.default.fileExists(atPath: server.directory + "/data/caresync.sqlite"))
    }

    @Test("the OpenAPI document is printed without a configuration")
    func openAPI() async throws {
        let server = try LiveServer()
        let result = try await server.command(["openapi"])
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("{"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: server.directory).allSatisfy { $0 != "data" })
    }

    @Test("the version and help are told", arguments: [["--version"], ["--help"], ["serve", "--help"]])
    func help(_ arguments: [String]) async throws {
        let result = try await LiveServer().command(arguments)
        #expect(result.status == 0)
        #expect(!result.output.isEmpty)
    }
}
