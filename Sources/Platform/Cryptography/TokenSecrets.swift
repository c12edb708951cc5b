/// The keys of access tokens: the first one signs, all of them verify.
package struct TokenSecrets: Sendable {
    struct Key: Sendable {
        let id: String
        let secret: SecretBytes
    }

    package static let minimumBytes = 32
    /// The key id of a bare secret. To replace one, list it behind its successor: `new:<base64>,default:<base64>`.
    package static let bareID = "default"

    let keys: [Key]
    let signing: Key

    /// - Parameters:
    ///   - text: `id:base64,id:base64` when it contains a colon, otherwise one bare secret: its base64 value if that has
    ///     32 bytes or more, else its UTF-8 bytes.
    ///   - production: also refuses secrets that are known from examples or visibly not random.
    package init(parsing text: String, production: Bool) throws {
        keys = text.contains(":") ? try Self.list(text) : [try Self.bare(text.trimmed)]
        guard let first = keys.first else { throw KeyConfigurationError("is empty") }
        signing = first
        if production {
            for key in keys where Self.isPlaceholder(key.secret.bytes) || Self.isPlaceholder(Array(text.utf8)) {
                throw KeyConfigurationError("holds a secret ('\(key.id)') that is an example or not random")
            }
        }
    }

    private static func list(_ text: String) throws -> [Key] {
        try KeyListEntry.list(text) { size in
            size >= minimumBytes ? nil : "has \(size) bytes; at least \(minimumBytes) are needed"
        }
        .map { Key(id: $0.id, secret: SecretBytes($0.bytes)) }
    }

    private static func bare(_ text: String) throws -> Key {
        if let bytes = Base64.decode(text), bytes.count >= minimumBytes {
            return Key(id: bareID, secret: SecretBytes(bytes))
        }
        let bytes = Array(text.utf8)
        guard bytes.count >= minimumBytes else {
            throw KeyConfigurationError("has \(bytes.count) bytes; at least \(minimumBytes) are needed")
        }
        return Key(id: bareID, secret: SecretBytes(bytes))
    }

    /// Secrets copied from tutorials and samples, which attackers try first.
    private static func isPlaceholder(_ bytes: [UInt8]) -> Bool {
        if Set(bytes).count < 8 { return true }
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        return placeholders.contains { text.contains($0) }
    }

    private static let placeholders = [
        "changeme", "change-me", "change_me", "change this", "change-this", "replace-me", "replace_me", "placeholder",
        "your-secret", "your_secret", "yoursecret", "your-256-bit", "mysecret", "my-secret", "my_secret", "supersecret",
        "super-secret", "secretkey", "secret-key", "secret_key", "jwtsecret", "jwt-secret", "jwt_secret",
        "0123456789abcdef0123456789abcdef", "404e635266556a586e3272357538782f413f4428472b4b6250645367566b5970",
    ]
}
