/// The keys that wrap data keys: the first one writes, all of them read, so a new key is put in front and an old one is
/// removed once nothing is wrapped by it.
package struct KeyRing: Sendable {
    package struct Entry: Sendable, Equatable {
        /// 1 to 32 letters, digits, `_` or `-`; part of every wrapped key.
        package let id: String
        package let key: SecretBytes
    }

    package static let keyBytes = 32

    /// In the order of the configuration.
    package let entries: [Entry]
    /// The key that wraps new data keys.
    package let writing: Entry

    /// - Parameter text: `id:base64,id:base64`, every key 32 bytes.
    package init(parsing text: String) throws {
        entries = try KeyListEntry.list(text) { size in
            size == Self.keyBytes ? nil : "has \(size) bytes; exactly \(Self.keyBytes) are needed"
        }
        .map { Entry(id: $0.id, key: SecretBytes($0.bytes)) }
        guard let first = entries.first else { throw KeyConfigurationError("is empty") }
        writing = first
    }

    package func key(_ id: String) -> SecretBytes? {
        entries.first { $0.id == id }?.key
    }
}
