import CareSyncCore
import Crypto
import Foundation

/// Tells keys apart and reveals nothing of them: 16 bytes by HKDF-SHA-256, hexadecimal. It may be stored and shown.
private enum KeyFingerprint {
    static let bytes = 16

    static func text(_ key: SecretBytes, _ purpose: String) -> String {
        let derived = SecretBytes(
            key: HKDF<SHA256>.deriveKey(
                inputKeyMaterial: key.key, salt: Data("caresync fingerprint".utf8),
                info: Data("caresync/v1/\(purpose)".utf8), outputByteCount: bytes))
        return Hex.text(derived.bytes)
    }
}

extension RootSecret {
    package var fingerprint: String { KeyFingerprint.text(secret, "root-secret") }
}

extension KeyRing.Entry {
    package var fingerprint: String { KeyFingerprint.text(key, "ring-key") }
}
