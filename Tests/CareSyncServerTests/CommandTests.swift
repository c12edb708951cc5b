import CareSyncTesting
import Foundation
import Testing

@Suite("Commands")
struct CommandTests {
    @Test("an administrator made without a password gets one, shown once, that signs in")
    func createAdmin() async throws {
        let server = try LiveServer()
        try await server.start()
        let arguments = ["create-admin", "--username", "head.admin", "--email", "admin@clinic.example"]
        let made = try await server.command(arguments)
        #expect(made.status == 0)
        let password = try #require(made.output.split(whereSeparator: { $0 == " " || $0 == "\n" }).last)
        let body = #"{"username":"head.admin","password":"\#(password)"}"#
        let answer = try await server.exchange(
            "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        #expect(RawConnection.parse(answer).status == 200)
        #expect(!server.log.contains(password))

        let again = try await server.command(arguments)
        #expect(again.status == 1)
        #expect(again.errors.contains("user name is taken"))
        await server.stop()
    }

    @Test("demo data is added once, and the start lines then tell how to sign in")
    func seed() async throws {
        let server = try LiveServer()
        let first = try await server.command(["seed", "--demo"])
        #expect(first.status == 0)
        #expect(first.output == "Demo data added.\n")
        let second = try await server.command(["seed", "--demo"])
        #expect(second.status == 0)
        #expect(second.output == "The demo data exists already.\n")
    }

    @Test("production refuses demo data")
    func seedInProduction() async throws {
        let key = Data((0..<32).map { UInt8($0) }).base64EncodedString()
        let server = try LiveServer(environment: [
            "CARESYNC_ENV": "production", "CARESYNC_PUBLIC_URL": "https://clinic.example",
            "CARESYNC_JWT_SECRET": key, "CARESYNC_ROOT_SECRET": key, "CARESYNC_ENCRYPTION_KEYS": "k:\(key)",
            "CARESYNC_RATE_LIMITS": "on", "CARESYNC_PATIENT_LIMITS": "on",
        ])
        let result = try await server.command(["seed", "--demo"])
        #expect(result.status == 1)
        #expect(result.errors.contains("production refuses"))
        #expect(!FileManager.default.fileExists(atPath: server.directory + "/data/caresync.sqlite"))
    }

    @Test("the background work runs as a process of its own beside the server, and ends on SIGTERM")
    func worker() async throws {
        let server = try LiveServer()
        try await server.start()
        let worker = try LiveServer(environment: server.commandEnvironment)
        try await worker.startWithoutHTTP(["worker"])
        #expect(await worker.stop() == 0)
        await server.stop()
    }

    @Test("what keeps a command from working is told in a sentence")
    func sentences() async throws {
        let server = try LiveServer()
        try await server.start()
        let port = "\(server.port)"
        let taken = try await LiveServer().command(["serve"], environment: ["CARESYNC_PORT": port])
        #expect(taken.status == 1)
        #expect(
            taken.errors.contains(
                "127.0.0.1:\(port) cannot be listened on: Address already in use. It is what CARESYNC_HOST and "
                    + "CARESYNC_PORT name."), "\(taken.errors)")
        await server.stop()

        let other = try LiveServer()
        let file = other.directory + "/notes.txt"
        try Data(String(repeating: "This is no database. ", count: 100).utf8).write(to: URL(fileURLWithPath: file))
        for command in [["serve"], ["check"], ["migrate"], ["audit", "verify"]] {
            let refused = try await other.command(command, environment: ["DATABASE_URL": "sqlite:\(file)"])
            #expect(refused.status == 1)
            #expect(
                (refused.output + refused.errors).contains("\(file) is not a SQLite database."), "\(refused.errors)")
            let folder = try await other.command(command, environment: ["CARESYNC_DATA_DIR": file])
            #expect(folder.status == 78)
            #expect(folder.errors.contains("CARESYNC_DATA_DIR must be a folder, and '\(file)' is a file"))
            let inside = try await other.command(
                command, environment: ["DATABASE_URL": "sqlite:\(file)/caresync.sqlite"])
            #expect(command == ["serve"] || command == ["migrate"] ? inside.status == 1 : true)
            #expect(!inside.errors.contains("NSPOSIXErrorDomain") && !inside.errors.contains("CocoaError"))
        }
    }

    @Test("a dry run of the migration makes nothing")
    func dryRun() async throws {
        let server = try LiveServer()
        let listed = try await server.command(["migrate", "--dry-run"])
        #expect(listed.status == 0)
        #expect(listed.output.contains("migrations would be applied"))
        #expect(!FileManager.default.fileExists(atPath: server.directory + "/data"))
    }
}
