package import CareSyncCore
import Crypto
import Foundation

/// Key material that is compared in constant time, wiped when released and never shown by a description, a dump or a log.
package struct SecretBytes: Sendable, Equatable {
    let key: SymmetricKey

    package init(_ bytes: [UInt8]) {
        key = SymmetricKey(data: bytes)
    }

    init(key: SymmetricKey) {
        self.key = key
    }

    package static func random(_ count: Int, from random: RandomSource) -> SecretBytes {
        SecretBytes(random.bytes(count))
    }

    package var count: Int { key.bitCount / 8 }

    /// A copy in the clear, for a library that wants plain bytes; it is not wiped.
    package var bytes: [UInt8] { key.withUnsafeBytes(Array.init) }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<\(count) secret bytes>" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
