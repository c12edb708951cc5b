import Foundation

/// A request as botocore is asked to sign it: nothing is encoded yet.
package struct RequestToSign: Encodable, Sendable {
    package var method: String
    package var host: String
    package var path: String
    /// Pairs of name and value.
    package var query: [[String]]
    package var headers: [[String]]
    /// In hexadecimal digits.
    package var body: String
    /// `yyyyMMddTHHmmssZ`.
    package var stamp: String
    package var region: String
    package var accessKey: String
    package var secretKey: String

    package init(
        method: String, host: String, path: String, query: [[String]], headers: [[String]], body: String, stamp: String,
        region: String, accessKey: String, secretKey: String
    ) {
        self.method = method
        self.host = host
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.stamp = stamp
        self.region = region
        self.accessKey = accessKey
        self.secretKey = secretKey
    }

    /// The `Authorization` headers that botocore gives these requests.
    package static func authorizations(_ requests: [RequestToSign]) async throws -> [String] {
        try await withFolder { folder in
            try JSONEncoder().encode(requests).write(to: URL(fileURLWithPath: folder + "/requests.json"))
            let process = try PythonTool.start(
                "sign-requests.py", [folder + "/requests.json"], errorFile: folder + "/stderr.log")
            guard let line = await process.line(beginningWith: "SIGNED ") else {
                let text = try String(contentsOfFile: folder + "/stderr.log", encoding: .utf8)
                throw LiveServer.Failure(description: "botocore signs nothing: \(text)")
            }
            _ = await process.wait()
            return try JSONDecoder().decode([String].self, from: Data(line.dropFirst("SIGNED ".count).utf8))
        }
    }
}
