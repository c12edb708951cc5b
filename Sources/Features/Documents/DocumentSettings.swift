package import CareSyncCore

/// What a clinic may set of its documents.
package struct DocumentSettings: Sendable {
    /// Bytes of a file.
    package var uploadLimit: Int64 = 5 << 20
    /// What addresses of files begin with.
    package var linkBase: String
    /// How long a signed address works.
    package var linkLifetime: TimeSpan = .minutes(60)
    /// How long the bytes of a deleted document are kept.
    package var keepsDeleted: TimeSpan = .days(30)
    /// Where ciphertext waits while a file arrives.
    package var spoolDirectory: String

    package init(linkBase: String, spoolDirectory: String) {
        self.linkBase = linkBase
        self.spoolDirectory = spoolDirectory
    }

    /// What one patient or doctor may keep, deleted documents included until they are cleared away.
    static let mostDocuments: Int64 = 2_000
    static let mostBytes: Int64 = 2 << 30
    /// An object without a row is older than any upload that still goes on.
    static let orphanAge = TimeSpan.hours(24)
}
