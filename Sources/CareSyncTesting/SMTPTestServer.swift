import Foundation

/// A real SMTP server (aiosmtpd) as a process of its own. What `smtp-server.py` says of recipients decides how it behaves.
package final class SMTPTestServer: Sendable {
    package enum Security: String, Sendable {
        case startTLS = "starttls"
        case implicitTLS = "tls"
        /// Offers no encryption at all.
        case none = "plain"
    }

    /// A mail that the server has seen to its end.
    package struct Received: Decodable, Sendable {
        package let from: String
        package let to: [String]
        package let headers: [[String]]
        package let text: String?
        package let html: String?
        package let raw: String
        package let isEncrypted: Bool
        package let user: String?
        /// What Python's parser complains about.
        package let defects: [String]

        package func header(_ name: String) -> String? {
            headers.first { $0.first?.lowercased() == name.lowercased() }?.last
        }
    }

    /// Seconds a client waits here, where hundreds of tests share two processors.
    package static let patience = 120

    package static let user = "clinic"
    package static let password = "s3cret pass"

    package let port: Int
    private let directory: String
    private let process: ChildProcess

    /// The certificate to trust.
    package var certificate: String { directory + "/certificate.pem" }

    package init(_ security: Security) async throws {
        let name = "caresync-smtp-\(UUID().uuidString)"
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        process = try PythonTool.start(
            "smtp-server.py", [directory, security.rawValue], errorFile: directory + "/stderr.log")
        guard let line = await process.line(beginningWith: "SMTP "), let port = Int(line.dropFirst(5)) else {
            // It may say why.
            let log = (try? String(contentsOfFile: directory + "/stderr.log", encoding: .utf8)) ?? ""
            throw LiveServer.Failure(description: "No SMTP server: \(log)")
        }
        self.port = port
    }

    deinit {
        process.signal(SIGKILL)
        try? FileManager.default.removeItem(atPath: directory)  // A folder that stays does no harm.
    }

    /// The next mail; waits for it.
    package func next() async throws -> Received {
        guard let line = await process.line(beginningWith: "MAIL ") else {
            throw LiveServer.Failure(description: "The SMTP server has ended.")
        }
        return try JSONDecoder().decode(Received.self, from: Data(line.dropFirst(5).utf8))
    }
}
