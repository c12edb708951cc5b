import Foundation
import Synchronization

/// A PostgreSQL server of one test, which may hang, end and come back. It listens on a socket in its own folder.
package final class PostgresTestServer: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Whether PostgreSQL's programs are installed.
    package static let isAvailable = binaries != nil

    private static let binaries: String? = {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []  // Not installed.
        return versions.compactMap(Int.init).max().map { "\(root)/\($0)/bin" }
    }()

    private let directory: String
    private let running = Mutex<ChildProcess?>(nil)

    /// Makes a server with an empty database and starts it.
    package init() async throws {
        // The path of a socket may have about 100 bytes.
        directory = "/tmp/caresync-pg-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        if getuid() == 0, let account = getpwnam("postgres") {
            // PostgreSQL refuses to run as root.
            guard chown(directory, account.pointee.pw_uid, account.pointee.pw_gid) == 0 else {
                throw Failure(description: "\(directory) cannot be handed to the account postgres.")
            }
        }
        let initdb = try Self.start(
            "initdb --pgdata \(directory)/data --username caresync --auth trust --encoding UTF8 --locale C.UTF-8 --no-sync"
        )
        guard await initdb.line(beginningWith: "Success") != nil, await initdb.wait() == 0 else {
            throw Failure(description: "initdb failed.")
        }
        try await start()
    }

    deinit {
        if let process = running.withLock({ $0 }) { Self.signal(SIGQUIT, to: Self.family(of: process.identifier)) }
        try? FileManager.default.removeItem(atPath: directory)  // A folder that stays does no harm.
    }

    /// As `DATABASE_URL` names its database.
    package func url(options: String = "") -> String {
        let socket = directory.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let settings = options.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        return "postgres://caresync@/postgres?host=\(socket)" + (options.isEmpty ? "" : "&options=\(settings)")
    }

    /// Returns when it accepts connections.
    package func start() async throws {
        let process = try Self.start(
            "postgres -D \(directory)/data -c listen_addresses= -c unix_socket_directories=\(directory) -c fsync=off "
                + "-c log_line_prefix=")
        guard await process.line(beginningWith: "LOG:  database system is ready to accept") != nil else {
            throw Failure(description: "The server ended with \(await process.wait()).")
        }
        running.withLock { $0 = process }
    }

    /// Ends the server in spite of its connections.
    package func stop() async {
        let process = running.withLock { running in
            defer { running = nil }
            return running
        }
        process?.signal(SIGINT)
        _ = await process?.wait()
    }

    /// Lets the next start make it the follower of a server that is away: it takes no writes.
    package func becomeStandby() throws {
        try Data().write(to: URL(fileURLWithPath: "\(directory)/data/standby.signal"))
    }

    /// Stops all its processes where they are: connections stand, and nothing is answered.
    package func hang() {
        running.withLock { running in
            guard let running else { return }
            // The first one starts the others, so it stops first.
            Self.signal(SIGSTOP, to: [running.identifier])
            Self.signal(SIGSTOP, to: Self.family(of: running.identifier))
        }
    }

    package func goOn() {
        running.withLock { running in
            if let running { Self.signal(SIGCONT, to: Self.family(of: running.identifier)) }
        }
    }

    private static func start(_ command: String) throws -> ChildProcess {
        guard let binaries else { throw Failure(description: "PostgreSQL is not installed.") }
        let account = getuid() == 0 ? "setpriv --reuid postgres --regid postgres --init-groups -- " : ""
        return try ChildProcess(
            program: "/bin/sh", ["-c", "cd / && exec \(account)\(binaries)/\(command) 2>&1"], environment: [:],
            errorFile: "/dev/null")
    }

    /// A process and those it started.
    private static func family(of parent: pid_t) -> [pid_t] {
        let path = "/proc/\(parent)/task/\(parent)/children"
        let children = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""  // It has ended.
        return [parent] + children.split(separator: " ").compactMap { pid_t($0) }
    }

    private static func signal(_ signal: Int32, to processes: [pid_t]) {
        // What is stopped takes no other signal.
        if signal == SIGQUIT { for process in processes { kill(process, SIGCONT) } }
        for process in processes { kill(process, signal) }
    }
}

/// Gives `body` a PostgreSQL server of its own.
package func withPostgresServer(_ body: (PostgresTestServer) async throws -> Void) async throws {
    let server = try await PostgresTestServer()
    do {
        try await body(server)
    } catch {
        server.goOn()
        await server.stop()
        throw error
    }
    server.goOn()
    await server.stop()
}
