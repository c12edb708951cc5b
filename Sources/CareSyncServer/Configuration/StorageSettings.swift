package import CareSyncCore
import Cryptography
import Foundation
package import ObjectStorage
import Settings

/// Where documents are kept.
package enum StorageSettings: Sendable {
    case folder(String)
    case s3(S3Bucket)

    package func makeStore(time: TimeSource, random: RandomSource) -> any ObjectStore {
        switch self {
        case .folder(let path): FolderStore(folder: path)
        case .s3(let bucket): S3Store(bucket: bucket, time: time, random: random)
        }
    }
}

/// What `CARESYNC_STORAGE_URL` says; the keys of a bucket stand in settings of their own.
enum StorageLocation {
    case folder(String)
    case s3(endpoint: S3Bucket.Endpoint, bucket: String, region: String, prefix: String)

    init(parsing text: String) throws {
        if text.hasPrefix("folder:") {
            let path = String(text.dropFirst("folder:".count))
            guard !path.isEmpty else { throw SettingError("must name a folder behind folder:") }
            self = .folder(path)
            return
        }
        guard text.hasPrefix("s3://") else {
            throw SettingError("must have the form folder:PATH or s3://bucket?endpoint=https://host&region=name")
        }
        let parts = text.dropFirst("s3://".count).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let bucket = String(parts[0])
        guard Self.isMade(bucket, of: "-._", upTo: 100) else {
            throw SettingError("must name a bucket of letters, digits, '-', '.' and '_' behind s3://, not '\(bucket)'")
        }
        let given = try Self.parameters(parts.count > 1 ? String(parts[1]) : "")
        let region = given["region"] ?? "us-east-1"
        guard Self.isMade(region, of: "-", upTo: 50) else {
            throw SettingError("must name a region such as ap-south-1, not '\(region)'")
        }
        let prefix = given["prefix"] ?? ""
        guard prefix.isEmpty || Self.isPrefix(prefix) else {
            throw SettingError("must have a prefix of letters, digits, '-', '_' and single slashes, not '\(prefix)'")
        }
        let endpoint = try Self.endpoint(given["endpoint"] ?? "https://s3.\(region).amazonaws.com")
        self = .s3(endpoint: endpoint, bucket: bucket, region: region, prefix: prefix)
    }

    /// Where it is; there is no secret in it.
    var shown: String {
        switch self {
        case .folder(let path): return "folder:\(path)"
        case .s3(let endpoint, let bucket, let region, let prefix):
            let address = "\(endpoint.isSecure ? "https" : "http")://\(endpoint.host)\(endpoint.path)"
            return "s3://\(bucket)?endpoint=\(address)&region=\(region)" + (prefix.isEmpty ? "" : "&prefix=\(prefix)")
        }
    }

    private static func parameters(_ query: String) throws -> [String: String] {
        var values: [String: String] = [:]
        for item in query.split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard ["endpoint", "region", "prefix"].contains(name) else {
                throw SettingError("knows the parameters endpoint, region and prefix, not '\(name)'")
            }
            guard values[name] == nil, parts.count == 2, let value = parts[1].removingPercentEncoding, !value.isEmpty
            else { throw SettingError("must give \(name) one value") }
            values[name] = value
        }
        return values
    }

    private static func endpoint(_ text: String) throws -> S3Bucket.Endpoint {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            scheme == "http" || scheme == "https", let host = parts.host?.lowercased(), !host.isEmpty,
            parts.query == nil, parts.fragment == nil, parts.user == nil, parts.password == nil
        else {
            throw SettingError(
                "must have an endpoint such as https://project.supabase.example/storage/v1/s3, without user and password"
            )
        }
        var path = parts.path
        while path.hasSuffix("/") { path.removeLast() }
        let standardPort = scheme == "https" ? 443 : 80
        let port = parts.port.flatMap { $0 == standardPort ? nil : ":\($0)" } ?? ""
        return S3Bucket.Endpoint(isSecure: scheme == "https", host: host + port, path: path)
    }

    private static func isPrefix(_ text: String) -> Bool {
        let segments = text.split(separator: "/", omittingEmptySubsequences: false)
        // One slash may stand at the end.
        let named = segments.last?.isEmpty == true ? segments.dropLast() : segments[...]
        return text.utf8.count <= 200 && named.allSatisfy { isMade(String($0), of: "-_", upTo: 200) }
    }

    /// Of ASCII letters, digits and some others; at least one.
    private static func isMade(_ text: String, of others: String, upTo limit: Int) -> Bool {
        (1...limit).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                    || others.unicodeScalars.contains(scalar)
            }
    }
}
