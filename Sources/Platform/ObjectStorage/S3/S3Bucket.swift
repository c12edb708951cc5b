package import Cryptography

/// Where the objects are in an S3 store, and as whom to ask for them.
package struct S3Bucket: Sendable {
    /// Scheme, host and port, and the path under which the store answers: `https://project.example/storage/v1/s3`.
    package let endpoint: Endpoint
    package let name: String
    package let region: String
    /// What every key begins with: nothing, or segments that each end with a slash.
    package let prefix: String
    package let accessKey: String
    package let secretKey: SecretBytes

    package init(
        endpoint: Endpoint, name: String, region: String, prefix: String = "", accessKey: String, secretKey: SecretBytes
    ) {
        self.endpoint = endpoint
        self.name = name
        self.region = region
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
        self.accessKey = accessKey
        self.secretKey = secretKey
    }

    package struct Endpoint: Sendable, Equatable {
        package let isSecure: Bool
        /// As the `Host` header names it: with its port unless that is the scheme's.
        package let host: String
        /// Without a slash at its end; not yet encoded.
        package let path: String

        package init(isSecure: Bool, host: String, path: String) {
            self.isSecure = isSecure
            self.host = host
            self.path = path
        }
    }

    /// The encoded path of a key, or of the bucket.
    func path(_ key: String? = nil) -> String {
        PercentEncoding.path("\(endpoint.path)/\(name)" + (key.map { "/" + $0 } ?? ""))
    }

    func url(path: String, query: String) -> String {
        "\(endpoint.isSecure ? "https" : "http")://\(endpoint.host)\(path)" + (query.isEmpty ? "" : "?" + query)
    }
}
