package import CareSyncCore
import Crypto
import Foundation

/// The key of one stored file, and of what is stored about it. It is never used for a second file, so that the position of
/// a chunk can be its nonce.
///
/// A sealed chunk is `ciphertext ‖ tag 16`. It opens only with the file's own name, at its own position, and where the file
/// ends only as its end.
package struct FileKey: Sendable, Equatable {
    /// What a chunk holds in clear; the last one of a file holds 1 byte to this many.
    package static let chunkBytes = 64 << 10
    package static let overhead = 16

    private let key: DataKey

    package init(random: RandomSource) {
        key = DataKey(generation: 1, random: random)
    }

    /// As ``text`` gives it; `nil` for anything else.
    package init?(text: String) {
        guard let bytes = Base64.decode(text), bytes.count == 32 else { return nil }
        key = DataKey(generation: 1, secret: SecretBytes(bytes))
    }

    /// In clear, to be sealed at once with the key of the file's owner.
    package var text: String { Base64.text(key.secret.bytes) }

    // MARK: Files that belong to no patient

    /// Wrapped by the key ring, bound to the row.
    package func wrap(by ring: KeyRing, at context: FieldContext, random: RandomSource) throws -> [UInt8] {
        try key.wrap(by: ring, at: context, random: random)
    }

    /// Throws ``IntegrityFailure`` and ``MissingRingKey`` as ``DataKey`` does.
    package init(unwrapping wrapped: [UInt8], by ring: KeyRing, at context: FieldContext) throws {
        key = try DataKey.unwrap(wrapped, generation: 1, by: ring, at: context)
    }

    // MARK: What is stored about a file

    package func seal(_ text: String, at context: FieldContext, random: RandomSource) throws -> [UInt8] {
        try FieldCipher(random: random).seal(text, with: key, at: context)
    }

    /// Throws ``IntegrityFailure``.
    package func open(_ envelope: [UInt8], at context: FieldContext) throws -> String {
        try FieldCipher(random: .system).openText(envelope, with: key, at: context)
    }

    // MARK: Chunks

    /// - Parameter file: the file's name in the store.
    package func sealChunk(_ plaintext: [UInt8], of file: String, at index: UInt64, isLast: Bool) throws -> [UInt8] {
        let box = try AES.GCM.seal(
            plaintext, using: key.secret.key, nonce: Self.nonce(index),
            authenticating: Self.associated(file, index, isLast))
        var sealed = Array(box.ciphertext)
        sealed.append(contentsOf: box.tag)
        return sealed
    }

    /// `nil` unless every byte is as it was sealed, at this place of this file.
    package func openChunk(_ sealed: [UInt8], of file: String, at index: UInt64, isLast: Bool) -> [UInt8]? {
        guard sealed.count > Self.overhead else { return nil }
        let tag = sealed.count - Self.overhead
        do {
            let box = try AES.GCM.SealedBox(
                nonce: Self.nonce(index), ciphertext: sealed[..<tag], tag: sealed[tag...])
            return Array(
                try AES.GCM.open(box, using: key.secret.key, authenticating: Self.associated(file, index, isLast)))
        } catch {
            return nil
        }
    }

    private static func nonce(_ index: UInt64) throws -> AES.GCM.Nonce {
        try AES.GCM.Nonce(data: [UInt8](repeating: 0, count: 4) + bytes(index))
    }

    private static func associated(_ file: String, _ index: UInt64, _ isLast: Bool) -> [UInt8] {
        LengthPrefixed.join([Array("file chunk".utf8), Array(file.utf8), bytes(index), [isLast ? 1 : 0]])
    }

    private static func bytes(_ index: UInt64) -> [UInt8] {
        UInt32(truncatingIfNeeded: index >> 32).bigEndianBytes + UInt32(truncatingIfNeeded: index).bigEndianBytes
    }
}

/// SHA-256 over what comes in pieces.
package struct RunningDigest: Sendable {
    private var hash = SHA256()

    package init() {}

    package mutating func add(_ bytes: [UInt8]) { hash.update(data: bytes) }

    /// Of everything so far.
    package var sha256: [UInt8] { Array(hash.finalize()) }
}
