import CareSyncCore
import Cryptography
import Directory
import Documents
import Persistence
import Settings

/// The secrets that a database is used with, of which it keeps fingerprints (rules/patient-data 12). With others, nobody
/// could read what is stored, and the audit log could not be verified.
struct Installation: Sendable {
    private let root: RootSecret
    private let ring: KeyRing

    init(_ keys: ServerConfiguration.Keys) {
        root = keys.root
        ring = keys.ring
    }

    /// Refuses secrets that do not belong to the database, and notes those it sees for the first time.
    func claim(_ database: any Database) async throws {
        try await database.write { db in
            for (name, fingerprint) in fingerprints {
                try db.run(
                    """
                    INSERT INTO installation_keys (name, fingerprint, created_at)
                    VALUES (\(name), \(fingerprint), \(db.now)) ON CONFLICT DO NOTHING
                    """)
            }
            try verify(db)
        }
    }

    /// Refuses secrets that do not belong to the database; writes nothing.
    func verify(_ database: any Database) async throws {
        try await database.read { db in try verify(db) }
    }

    private func verify(_ db: any Connection) throws {
        let noted = try noted(db)
        guard noted[Self.rootName] ?? root.fingerprint == root.fingerprint else {
            throw Refusal(
                description: "\(Setting.rootSecret.name) is not the one that this database was made with.")
        }
        for entry in ring.entries {
            guard noted[Self.name(entry.id)] ?? entry.fingerprint == entry.fingerprint else {
                throw Refusal(
                    description: "The key '\(entry.id)' of \(Setting.encryptionKeys.name) is not the one that this "
                        + "database knows by that id.")
            }
        }
        let needed = try KeyRotation.ringKeysInUse(db) + DocumentKeyRotation.ringKeysInUse(db)
        if let missing = needed.first(where: { ring.key($0) == nil }) {
            throw Refusal(
                description:
                    "\(Setting.encryptionKeys.name) lacks the key '\(missing)' that wraps keys of this database.")
        }
    }

    private static let rootName = "root"

    private static func name(_ ringKey: String) -> String { "ring/\(ringKey)" }

    private var fingerprints: [(name: String, fingerprint: String)] {
        [(Self.rootName, root.fingerprint)] + ring.entries.map { (Self.name($0.id), $0.fingerprint) }
    }

    private func noted(_ db: any Connection) throws -> [String: String] {
        var noted: [String: String] = [:]
        try db.query("SELECT name, fingerprint FROM installation_keys") { row in
            noted[try row.value("name")] = try row.value("fingerprint")
        }
        return noted
    }
}
