package import CareSyncCore
import Concurrency
import Cryptography
import Foundation

/// What the processes of one data folder share about their stand-in: where it listens, its keys, its books, and which of
/// them runs it.
package struct StandInFolder: Sendable {
    private let path: String

    /// - Parameter dataDirectory: of the program.
    package init(dataDirectory: String) {
        path = dataDirectory + "/razorpay-stand-in"
    }

    /// Where a stand-in listens, with its keys.
    package struct Account: Sendable {
        package let port: Int
        package let keys: StandInKeys

        package var address: String { "http://127.0.0.1:\(port)" }
    }

    /// What is there already; nothing is made.
    package var known: Account? {
        try? read()?.account  // What cannot be read is told by the command that needs it.
    }

    private struct Stored: Codable {
        var port: Int
        let keyID: String
        let keySecret: String
        let webhookSecret: String

        var account: Account {
            Account(
                port: port,
                keys: StandInKeys(
                    keyID: keyID, keySecret: SecretBytes(Array(keySecret.utf8)),
                    webhookSecret: SecretBytes(Array(webhookSecret.utf8))))
        }
    }

    private var file: DurableFile { DurableFile(path + "/account.json") }

    /// Made by the process that comes first. When another program has taken the port meanwhile, a new one is chosen.
    package func account(random: RandomSource) throws -> Account {
        if var stored = try read() {
            guard try !isFree(stored.port), let lock = try own() else { return stored.account }
            stored.port = try freePort(random)
            try withExtendedLifetime(lock) { try file.replace(Array(try JSONEncoder().encode(stored))) }
            return stored.account
        }
        let made = Stored(
            port: try freePort(random), keyID: StandInKeys.prefix + Hex.text(random.bytes(4)),
            keySecret: Hex.text(random.bytes(16)), webhookSecret: Hex.text(random.bytes(16)))
        _ = try file.create(Array(try JSONEncoder().encode(made)))
        // Another process may have been first; what counts is the file.
        return (try read() ?? made).account
    }

    private func read() throws -> Stored? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        return try JSONDecoder().decode(Stored.self, from: Data(contentsOf: URL(fileURLWithPath: file.path)))
    }

    /// The right to run the stand-in; `nil` while another process has it. It ends with the process at the latest.
    package func own() throws -> StandInOwnership? {
        try DurableFile.makeFolder(path)
        let descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StandInFileFailure(path: path + "/lock", code: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        return StandInOwnership(descriptor: descriptor)
    }

    var books: String { path + "/books.jsonl" }

    // MARK: Ports

    private struct NoPort: Error, CustomStringConvertible {
        let description = "no free port was found for the stand-in of Razorpay"
    }

    /// Outside of the range from which the system gives ports to connections.
    private func freePort(_ random: RandomSource) throws -> Int {
        for _ in 0..<200 {
            let port = 20_000 + random.bytes(2).reduce(0) { $0 << 8 | Int($1) } % 10_000
            if try isFree(port) { return port }
        }
        throw NoPort()
    }

    private func isFree(_ port: Int) throws -> Bool {
        let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw NoPort() }
        defer { close(socket) }
        var reuse: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// A file of the stand-in cannot be used.
struct StandInFileFailure: Error, CustomStringConvertible {
    let path: String
    let code: Int32

    var description: String { "\(path): \(String(cString: strerror(code)))" }
}

/// Held by the process that runs the stand-in of a data folder.
package final class StandInOwnership: Sendable {
    private let descriptor: Int32

    fileprivate init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
