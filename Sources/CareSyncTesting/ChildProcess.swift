import Foundation
import Synchronization

/// The program under test as a child process.
final class ChildProcess: Sendable {
    let identifier: pid_t
    private let output: Int32
    /// Output that was read and not yet asked for.
    private let pending = Mutex<[UInt8]>([])
    private let status = Mutex<Int32?>(nil)

    /// It gets only `environment` and `PATH`. Errors are appended to a file. A program other than the one under test is
    /// named by its path.
    init(
        program: String = ChildProcess.executable, _ arguments: [String], environment: [String: String],
        errorFile: String
    ) throws {
        (identifier, output) = try Self.starting.withLock { _ in
            try Self.start(program, arguments, environment, errorFile)
        }
    }

    deinit { close(output) }

    /// Its current memory use.
    func residentBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(identifier)/statm", encoding: .utf8)
        guard let pages = status.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return 0 }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Held while a pipe is open for one child, so that no other child inherits it.
    private static let starting = Mutex(())

    /// The child's number, and the end of the pipe that reads its output.
    private static func start(
        _ program: String, _ arguments: [String], _ environment: [String: String], _ errorFile: String
    ) throws -> (pid_t, Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw LiveServer.Failure(description: "No pipe: \(errno)") }
        // A child inherits what it is given and nothing else, such as a lock that this run was started with.
        let descriptors =
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []  // Not on every system.
        for descriptor in descriptors.compactMap({ Int32($0) }) where descriptor > 2 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, errorFile, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            close(ends[1])
        }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let variables = environment.merging(["PATH": path]) { given, _ in given }.map { "\($0.key)=\($0.value)" }
        var child = pid_t()
        let code = withPointers([program] + arguments) { arguments in
            withPointers(variables) { variables in
                posix_spawn(&child, program, &actions, nil, arguments, variables)
            }
        }
        guard code == 0 else {
            close(ends[0])
            throw LiveServer.Failure(description: "\(program) cannot be started: \(code)")
        }
        return (child, ends[0])
    }

    /// Beside the test bundle; `CARESYNC_TEST_EXECUTABLE` names another.
    static let executable: String = {
        if let given = ProcessInfo.processInfo.environment["CARESYNC_TEST_EXECUTABLE"] { return given }
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? ".build/debug/bundle.xctest"
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("caresync").path
    }()

    func signal(_ signal: Int32) {
        status.withLock { status in
            // After it has been waited for, its number may belong to another process.
            if status == nil { kill(identifier, signal) }
        }
    }

    /// The next line of its output that begins so; `nil` when the output ends before.
    func line(beginningWith start: String) async -> String? {
        await onThread {
            while let line = self.nextLine() {
                if line.hasPrefix(start) { return line }
            }
            return nil
        }
    }

    /// Waits until it has ended; its exit status, or minus the number of the signal that ended it.
    func wait() async -> Int32 {
        await onThread {
            var code: Int32 = 0
            // Reaped only while the number is guarded, so that no signal goes astray.
            var information = siginfo_t()
            while waitid(P_PID, id_t(self.identifier), &information, Int32(WEXITED | WNOWAIT)) != 0, errno == EINTR {}
            return self.status.withLock { status in
                if let status { return status }
                waitpid(self.identifier, &code, 0)
                let result = code & 0x7F == 0 ? (code >> 8) & 0xFF : -(code & 0x7F)
                status = result
                return result
            }
        }
    }

    static func run(_ arguments: [String], environment: [String: String], errorFile: String) async throws
        -> (status: Int32, output: String, errors: String)
    {
        let errorFile = errorFile + "." + UUID().uuidString
        let process = try ChildProcess(arguments, environment: environment, errorFile: errorFile)
        let output = await onThread {
            var text = ""
            while let line = process.nextLine() { text += line + "\n" }
            return text
        }
        let status = await process.wait()
        let errors = try String(contentsOfFile: errorFile, encoding: .utf8)
        return (status, output, errors)
    }

    private func nextLine() -> String? {
        pending.withLock { pending in
            while true {
                if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = String(decoding: pending[..<end], as: UTF8.self)
                    pending.removeSubrange(...end)
                    return line
                }
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = read(output, &buffer, buffer.count)
                guard count > 0 else { return nil }
                pending += buffer[..<count]
            }
        }
    }

    private static func withPointers<Result>(
        _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("The list ends with nil.") }
            return body(base)
        }
    }
}
