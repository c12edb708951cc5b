package import CareSyncCore

/// The key ring lacks the key that wrapped a data key: it was removed too early, or the configuration is another
/// installation's.
package struct MissingRingKey: Error, Equatable, CustomStringConvertible {
    package let id: String

    package var description: String { "The key ring has no key '\(id)'." }
}

/// The key of one patient's fields, documents and messages. It is stored wrapped by the key ring only.
package struct DataKey: Sendable, Equatable {
    /// Which of the owner's keys it is; part of every envelope it seals.
    package let generation: UInt32
    let secret: SecretBytes

    package init(generation: UInt32, random: RandomSource) {
        self.generation = generation
        secret = .random(32, from: random)
    }

    init(generation: UInt32, secret: SecretBytes) {
        self.generation = generation
        self.secret = secret
    }

    /// `[version 1][length of ring id][ring id][nonce 12][ciphertext 32][tag 16]`, bound to the row and the generation.
    package func wrap(by ring: KeyRing, at context: FieldContext, random: RandomSource) throws -> [UInt8] {
        let id = Array(ring.writing.id.utf8)
        return try AuthenticatedBox.seal(
            secret.bytes, header: [Self.version, UInt8(id.count)] + id, key: ring.writing.key,
            context: Self.associated(context, generation), random: random)
    }

    /// Throws ``IntegrityFailure`` when the bytes are not what ``wrap(by:at:random:)`` made for this row and generation,
    /// and ``MissingRingKey`` when the ring lacks the key they name.
    package static func unwrap(
        _ wrapped: [UInt8], generation: UInt32, by ring: KeyRing, at context: FieldContext
    ) throws -> DataKey {
        guard let id = ringID(of: wrapped) else { throw IntegrityFailure(context) }
        guard let key = ring.key(id) else { throw MissingRingKey(id: id) }
        let opened = AuthenticatedBox.open(
            wrapped, headerCount: 2 + id.utf8.count, key: key, context: associated(context, generation))
        guard let opened, opened.count == 32 else { throw IntegrityFailure(context) }
        return DataKey(generation: generation, secret: SecretBytes(opened))
    }

    /// The id of the ring key that wrapped these bytes; rotation looks for those that differ from the writing key's.
    /// `nil` when the bytes are not a wrapped key.
    package static func ringID(of wrapped: [UInt8]) -> String? {
        guard wrapped.count > 2, wrapped[0] == version, wrapped.count >= 2 + Int(wrapped[1]) else { return nil }
        let id = String(decoding: wrapped[2..<2 + Int(wrapped[1])], as: UTF8.self)
        return KeyListEntry.isID(id) ? id : nil
    }

    private static let version: UInt8 = 1

    private static func associated(_ context: FieldContext, _ generation: UInt32) -> [UInt8] {
        LengthPrefixed.join([Array("data key".utf8), context.bytes, generation.bigEndianBytes])
    }
}
