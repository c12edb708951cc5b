import Crypto
import Foundation

/// Unkeyed hashes.
package enum Digest {
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: bytes))
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}

/// Joins byte strings so that no two lists give the same bytes: every part follows its length.
package enum LengthPrefixed {
    package static func join(_ parts: [[UInt8]]) -> [UInt8] {
        var joined: [UInt8] = []
        joined.reserveCapacity(parts.reduce(0) { $0 + $1.count + 4 })
        for part in parts {
            joined.append(contentsOf: UInt32(part.count).bigEndianBytes)
            joined.append(contentsOf: part)
        }
        return joined
    }
}

/// HMAC-SHA-256 under one derived key.
package struct KeyedHash: Sendable {
    /// Has taken the key, which costs more than a short message does; each message goes into a copy.
    private let keyed: HMAC<SHA256>

    package init(_ key: SecretBytes) {
        keyed = HMAC(key: key.key)
    }

    /// The 32 bytes of the code.
    package func code(for bytes: [UInt8]) -> [UInt8] {
        var hash = keyed
        hash.update(data: bytes)
        return Array(hash.finalize())
    }

    /// The code of several values, each marked off from the next.
    package func code(forParts parts: [[UInt8]]) -> [UInt8] {
        code(for: LengthPrefixed.join(parts))
    }

    package func isValid(_ code: [UInt8], for bytes: [UInt8]) -> Bool {
        constantTimeEquals(code, self.code(for: bytes))
    }
}

/// Codes by which an encrypted column can be searched for equality.
///
/// Two columns never share codes, so that equal values in different columns cannot be linked.
package struct BlindIndex: Sendable {
    private let hash: KeyedHash
    private let column: [UInt8]

    /// - Parameter column: a constant name such as `users.email`; changing it changes every code.
    package init(_ key: SecretBytes, column: String) {
        hash = KeyedHash(key)
        self.column = Array(column.utf8)
    }

    /// The 32 bytes stored beside the value; texts equal after ``normalized(_:)`` have equal codes.
    package func code(for text: String) -> [UInt8] {
        hash.code(forParts: [column, Array(Self.normalized(text).utf8)])
    }

    /// White space around the text goes, letters become lower case, and characters that can be written in several ways
    /// (composed, decomposed, full width) take one form.
    package static func normalized(_ text: String) -> String {
        text.trimmed.precomposedStringWithCompatibilityMapping.lowercased().precomposedStringWithCompatibilityMapping
    }
}

extension UInt32 {
    var bigEndianBytes: [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: self >> $0) }
    }

    init(bigEndianBytes bytes: some Collection<UInt8>) {
        self = bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}
