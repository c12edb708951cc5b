package import CareSyncCore

/// A sealed blob does not open: it was changed, or sealed for another place or by another key.
package struct BrokenSeal: Error, Equatable {}

/// Encrypts opaque bytes under one derived key: stored answers, outbox payloads, cache entries.
///
/// The envelope is `[version 1][nonce 12][ciphertext][tag 16]`.
package struct Sealer: Sendable {
    private let key: SecretBytes
    private let random: RandomSource

    package init(_ key: SecretBytes, random: RandomSource) {
        self.key = key
        self.random = random
    }

    /// - Parameter associated: what the bytes belong to; needed again to open them.
    package func seal(_ plaintext: [UInt8], for associated: [UInt8]) throws -> [UInt8] {
        try AuthenticatedBox.seal(plaintext, header: [Self.version], key: key, context: associated, random: random)
    }

    package func open(_ envelope: [UInt8], for associated: [UInt8]) throws -> [UInt8] {
        guard envelope.first == Self.version,
            let plaintext = AuthenticatedBox.open(envelope, headerCount: 1, key: key, context: associated)
        else { throw BrokenSeal() }
        return plaintext
    }

    private static let version: UInt8 = 1
}
