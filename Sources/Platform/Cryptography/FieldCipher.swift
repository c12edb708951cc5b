package import CareSyncCore

/// Where an encrypted value is stored; a value moved to another row or column does not open.
package struct FieldContext: Sendable, Hashable {
    package let table: String
    package let column: String
    package let row: Int64

    package init(table: String, column: String, row: Int64) {
        self.table = table
        self.column = column
        self.row = row
    }

    var bytes: [UInt8] {
        let row = UInt64(bitPattern: row)
        return LengthPrefixed.join([
            Array(table.utf8), Array(column.utf8),
            UInt32(truncatingIfNeeded: row >> 32).bigEndianBytes + UInt32(truncatingIfNeeded: row).bigEndianBytes,
        ])
    }
}

/// A stored value does not decrypt: it was changed, moved, or sealed with another key. It names only the place.
package struct IntegrityFailure: ExplainedFault, Equatable {
    package let context: FieldContext

    package init(_ context: FieldContext) {
        self.context = context
    }

    /// For the log: table, column and row id.
    package var description: String { "Integrity failure at \(context.table).\(context.column), row \(context.row)." }

    /// For the client, who does not learn the place.
    package var problem: Problem {
        Problem(.fault, "DATA_INTEGRITY", "A stored value is damaged. Nothing was changed.")
    }
}

/// Encrypts the values of columns with AES-256-GCM.
///
/// The envelope is `[version 1][key generation, 4 bytes big endian][nonce 12][ciphertext][tag 16]`.
package struct FieldCipher: Sendable {
    /// What an envelope adds to a value, in bytes.
    package static let overhead = headerBytes + AuthenticatedBox.overhead

    private let random: RandomSource

    package init(random: RandomSource) {
        self.random = random
    }

    package func seal(_ plaintext: [UInt8], with key: DataKey, at context: FieldContext) throws -> [UInt8] {
        try AuthenticatedBox.seal(
            plaintext, header: Self.prefix(of: key.generation), key: key.secret,
            context: context.bytes, random: random)
    }

    package func seal(_ text: String, with key: DataKey, at context: FieldContext) throws -> [UInt8] {
        try seal(Array(text.utf8), with: key, at: context)
    }

    /// Throws ``IntegrityFailure``; there is never a placeholder.
    package func open(_ envelope: [UInt8], with key: DataKey, at context: FieldContext) throws -> [UInt8] {
        guard Self.generation(of: envelope) == key.generation,
            let plaintext = AuthenticatedBox.open(
                envelope, headerCount: Self.headerBytes, key: key.secret, context: context.bytes)
        else { throw IntegrityFailure(context) }
        return plaintext
    }

    /// As ``open(_:with:at:)``, for a value that was sealed as text.
    package func openText(_ envelope: [UInt8], with key: DataKey, at context: FieldContext) throws -> String {
        guard let text = String(validating: try open(envelope, with: key, at: context), as: UTF8.self) else {
            throw IntegrityFailure(context)
        }
        return text
    }

    /// Which of the owner's keys sealed the value; `nil` when it is no envelope.
    package static func generation(of envelope: [UInt8]) -> UInt32? {
        guard envelope.count >= overhead, envelope[0] == version else { return nil }
        return UInt32(bigEndianBytes: envelope[1..<headerBytes])
    }

    /// How every envelope of that generation begins, and no other: a database can look for it.
    package static func prefix(of generation: UInt32) -> [UInt8] { [version] + generation.bigEndianBytes }

    private static let version: UInt8 = 1
    private static let headerBytes = 5
}
