import Cryptography

/// The hash of a request as it would be kept without our code over it.
enum RequestHash {
    static func of(_ path: String, _ body: String) -> [UInt8] {
        Digest.sha256(Array(path.utf8) + [0] + [0] + Array(body.utf8))
    }
}
