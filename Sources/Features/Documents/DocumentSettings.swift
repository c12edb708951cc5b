package import CareSyncCore
package import Settings

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

    package init(linkBase: String) {
        self.linkBase = linkBase
    }

    package init(reading reader: inout SettingsReader, linkBase: String, linkLifetime: TimeSpan) {
        self.linkBase = linkBase
        self.linkLifetime = linkLifetime
        uploadLimit = Int64(reader.value(.uploadLimit, default: 5, shown: "5", SettingValues.number(1...100))) << 20
        keepsDeleted = .days(
            Int64(reader.value(.deletedDocuments, default: 30, shown: "30", SettingValues.number(0...3_650))))
    }

    /// What patients may file for themselves, what doctors may file of one patient, and what a doctor may file of the own:
    /// living documents, and bytes until they are cleared away.
    static let mostDocuments: Int64 = 2_000
    static let mostBytes: Int64 = 2 << 30
    /// An object without a row is older than any upload that still goes on.
    static let orphanAge = TimeSpan.hours(24)
}

extension Setting {
    static let uploadLimit = Setting("CARESYNC_UPLOAD_LIMIT", "how many MiB an uploaded file may have, 1 to 100 (5)")
    static let deletedDocuments = Setting(
        "CARESYNC_DELETED_DOCUMENTS_DAYS", "how many days the bytes of a deleted document are kept, 0 to 3650 (30)")
}
