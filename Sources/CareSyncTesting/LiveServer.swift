import Foundation
import Synchronization

/// `caresync serve` as a process of its own on a free port, for what only a process can show.
package final class LiveServer: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The folder with the database, the keys and the log; it outlives the process so that another can take over.
    package let directory: String
    private let environment: [String: String]
    private let running = Mutex<Running?>(nil)

    private struct Running {
        let process: ChildProcess
        let port: Int
    }

    /// `environment` is added to what every such server gets.
    package init(environment: [String: String] = [:]) throws {
        let name = "caresync-live-\(UUID().uuidString)"
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        self.environment = environment
    }

    deinit {
        running.withLock { $0 }?.process.signal(SIGKILL)
        try? FileManager.default.removeItem(atPath: directory)  // A folder that stays does no harm.
    }

    package var port: Int { running.withLock { $0?.port ?? 0 } }

    /// What the server has logged so far.
    package var log: String {
        (try? String(contentsOfFile: directory + "/stderr.log", encoding: .utf8)) ?? ""  // Nothing logged yet.
    }

    /// The environment of a command that shares this server's data.
    package var commandEnvironment: [String: String] {
        [
            "CARESYNC_PORT": "0", "CARESYNC_DATA_DIR": directory + "/data", "CARESYNC_BCRYPT_COST": "10",
            "CARESYNC_RATE_LIMITS": "off", "CARESYNC_PATIENT_LIMITS": "off",
        ]
        .merging(environment) { _, given in given }
    }

    /// Returns when the server accepts connections; throws with its log when it ends before.
    package func start(_ arguments: [String] = ["serve"]) async throws {
        let process = try ChildProcess(
            arguments, environment: commandEnvironment, errorFile: directory + "/stderr.log")
        guard let line = await process.line(beginningWith: "CareSync "),
            let port = line.split(separator: " ").compactMap({ URL(string: String($0))?.port }).first
        else {
            let status = await process.wait()
            throw Failure(description: "The server ended with \(status): \(log)")
        }
        running.withLock { $0 = Running(process: process, port: port) }
    }

    /// Starts a command that serves nothing; returns when it has said what it does.
    package func startWithoutHTTP(_ arguments: [String]) async throws {
        let process = try ChildProcess(
            arguments, environment: commandEnvironment, errorFile: directory + "/stderr.log")
        guard await process.line(beginningWith: "CareSync ") != nil else {
            let status = await process.wait()
            throw Failure(description: "The command ended with \(status): \(log)")
        }
        running.withLock { $0 = Running(process: process, port: 0) }
    }

    /// Ends the process without warning, as a power failure does.
    package func kill() async {
        _ = await stop(with: SIGKILL)
    }

    /// Asks the process to end and waits until it has; its exit status.
    @discardableResult
    package func stop(with signal: Int32 = SIGTERM) async -> Int32 {
        let process = running.withLock { running in
            defer { running = nil }
            return running?.process
        }
        guard let process else { return 0 }
        process.signal(signal)
        return await process.wait()
    }

    package func signal(_ signal: Int32) {
        running.withLock { $0 }?.process.signal(signal)
    }

    /// Runs another command of the program on the same data; its exit status and output.
    package func command(_ arguments: [String], environment: [String: String] = [:]) async throws
        -> (status: Int32, output: String, errors: String)
    {
        try await ChildProcess.run(
            arguments, environment: commandEnvironment.merging(environment) { _, given in given },
            errorFile: directory + "/command.log")
    }

    /// How much memory the process has at the moment.
    package func residentBytes() throws -> Int {
        try running.withLock { $0 }?.process.residentBytes() ?? 0
    }

    /// Opens a connection.
    package func connect() throws -> RawConnection { try RawConnection(port: port) }

    /// Sends bytes as they are and returns everything until the server closes the connection.
    package func exchange(_ request: String) async throws -> String {
        let connection = try connect()
        try connection.send(request)
        return await connection.readToEnd()
    }

    /// GET on a connection of its own.
    package func get(_ path: String) async throws -> (status: Int, body: String) {
        let answer = try await exchange("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return RawConnection.parse(answer)
    }
}
