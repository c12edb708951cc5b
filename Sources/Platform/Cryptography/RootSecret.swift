import Crypto
import Foundation

/// What a derived key is for. A raw value is part of the derivation: changing one changes the key for good.
package enum KeyPurpose: String, Sendable, CaseIterable {
    /// Successors of refresh tokens.
    case refreshRotation = "refresh-rotation"
    /// The chain of audit rows.
    case auditChain = "audit-chain"
    /// The audit checkpoints kept outside the database.
    case auditCheckpoint = "audit-checkpoint"
    /// Names of sessions in answers.
    case sessionName = "session-name"
    /// Stored names of accounts that somebody tried to sign in to.
    case signInName = "sign-in-name"
    /// Codes for equality search over encrypted columns.
    case blindIndex = "blind-index"
    /// Secrets of authenticator apps.
    case secondFactor = "second-factor"
    /// Stored recovery codes.
    case recoveryCode = "recovery-code"
    /// Stored codes of one-time passwords.
    case oneTimeCode = "one-time-code"
    /// Names of mails in their `Message-ID`.
    case mailName = "mail-name"
    /// Signed links to documents and calendars.
    case link = "link"
    /// Codes in the addresses of pages to pay on.
    case payLink = "pay-link"
    /// Codes printed on prescriptions.
    case prescriptionCode = "prescription-code"
    /// Stored answers of idempotent requests.
    case idempotency = "idempotency"
}

/// The secret from which every key that does not rotate is derived; it is the same on all nodes and not part of the key
/// ring.
package struct RootSecret: Sendable {
    package static let minimumBytes = 32

    let secret: SecretBytes

    package init(_ bytes: [UInt8]) throws {
        guard bytes.count >= Self.minimumBytes else {
            throw KeyConfigurationError("has \(bytes.count) bytes; at least \(Self.minimumBytes) are needed")
        }
        guard Set(bytes).count > 1 else {
            throw KeyConfigurationError("repeats one byte; use random bytes")
        }
        secret = SecretBytes(bytes)
    }

    package init(base64 text: String) throws {
        try self.init(Base64.secret(text))
    }

    /// 32 bytes by HKDF-SHA-256. Keys of different purposes reveal nothing about each other or about the root.
    package func derive(_ purpose: KeyPurpose) -> SecretBytes {
        SecretBytes(
            key: HKDF<SHA256>.deriveKey(
                inputKeyMaterial: secret.key, salt: Data("caresync root secret".utf8),
                info: Data("caresync/v1/\(purpose.rawValue)".utf8), outputByteCount: 32))
    }
}
