import CareSyncCore
import Cryptography

/// A refresh token: session ‖ generation ‖ secret ‖ tag, as base64url text (rules/sessions-and-tokens 2).
struct RefreshToken: Sendable, Equatable {
    static let byteCount = 60
    static let secretCount = 32

    let sessionID: SessionID
    let generation: UInt32
    let secret: [UInt8]
    let tag: [UInt8]

    /// What is stored of it; session and generation stand beside it in the row.
    var hash: [UInt8] { Digest.sha256(secret) }

    var bytes: [UInt8] { Self.head(sessionID, generation, secret) + tag }
    var text: String { Base64.urlText(bytes) }

    fileprivate static func head(_ session: SessionID, _ generation: UInt32, _ secret: [UInt8]) -> [UInt8] {
        bigEndian(UInt64(bitPattern: session.rawValue)) + bigEndian(generation) + secret
    }
}

/// Makes and reads refresh tokens.
///
/// A successor's secret is computed from its parent, so the server can repeat it within the grace without storing it.
/// The tag tells genuine tokens from invented ones: only a genuine token may end a session by being too old.
struct RefreshTokens: Sendable {
    private let successors: KeyedHash
    private let tags: KeyedHash

    init(rootSecret: RootSecret) {
        let root = KeyedHash(rootSecret.derive(.refreshRotation))
        successors = KeyedHash(SecretBytes(root.code(for: Array("successor".utf8))))
        tags = KeyedHash(SecretBytes(root.code(for: Array("tag".utf8))))
    }

    /// The token of generation 0.
    func first(of session: SessionID, secret: [UInt8]) -> RefreshToken {
        token(session, generation: 0, secret: secret)
    }

    func successor(of parent: RefreshToken) -> RefreshToken {
        let generation = parent.generation &+ 1
        let family = bigEndian(UInt64(bitPattern: parent.sessionID.rawValue))
        return token(
            parent.sessionID, generation: generation,
            secret: successors.code(for: family + bigEndian(generation) + parent.bytes))
    }

    /// `nil` unless it is the canonical spelling of a token made by this installation.
    func parse(_ text: String) -> RefreshToken? {
        guard text.utf8.count == RefreshToken.byteCount / 3 * 4, let bytes = Base64.decode(text),
            bytes.count == RefreshToken.byteCount, Base64.urlText(bytes) == text
        else { return nil }
        let id = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let generation = bytes[8..<12].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard let session = SessionID(checking: Int64(bitPattern: id)) else { return nil }
        let genuine = token(session, generation: generation, secret: Array(bytes[12..<44]))
        return constantTimeEquals(genuine.tag, Array(bytes[44...])) ? genuine : nil
    }

    private func token(_ session: SessionID, generation: UInt32, secret: [UInt8]) -> RefreshToken {
        let tag = tags.code(for: RefreshToken.head(session, generation, secret)).prefix(16)
        return RefreshToken(sessionID: session, generation: generation, secret: secret, tag: Array(tag))
    }
}

private func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
}
