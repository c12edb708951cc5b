import Foundation

/// A real S3 server (moto) as a process of its own, which checks every signature. One serves all tests of a run; each
/// test takes a prefix of its own.
package final class S3TestServer: Sendable {
    private struct Report: Decodable {
        let port: Int
        let accessKey: String
        let secretKey: String
        let bucket: String
        let region: String
    }

    private let report: Report
    private let process: ChildProcess

    package var host: String { "127.0.0.1:\(report.port)" }
    package var accessKey: String { report.accessKey }
    package var secretKey: String { report.secretKey }
    package var bucket: String { report.bucket }
    package var region: String { report.region }

    private static let starting = Task { try await S3TestServer() }

    package static var shared: S3TestServer {
        get async throws { try await starting.value }
    }

    private init() async throws {
        let log = FileManager.default.temporaryDirectory.appendingPathComponent("s3-\(UUID().uuidString).log").path
        process = try PythonTool.start("s3-server.py", errorFile: log)
        guard let line = await process.line(beginningWith: "S3 ") else {
            // It may say why.
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            throw LiveServer.Failure(description: "No S3 server: \(text)")
        }
        report = try JSONDecoder().decode(Report.self, from: Data(line.dropFirst(3).utf8))
        try FileManager.default.removeItem(atPath: log)
    }
}
