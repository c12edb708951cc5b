import CareSyncCore
package import ObjectStorage
package import Persistence

/// What the database says of the store: the id of the installation, and whether a store has its mark
/// (rules/object-storage 8). A table of one row.
struct StoreRegister: Sendable {
    let database: any Database

    /// How many of the newest documents tell that a store is theirs.
    private static let samples = 5

    private struct Entry: RowDecodable {
        let installation: String
        let isMarked: Bool

        init(row: Row) throws {
            installation = try row.value("installation_id")
            isMarked = try row.value("is_marked")
        }
    }

    /// Gives the installation its id when it has none.
    func ownership() async throws -> OwnedStore.Ownership {
        let known = try await survey()
        guard known.id.isEmpty else { return known }
        try await database.write { db in
            _ = try db.run(
                """
                INSERT INTO document_stores (id, installation_id, is_marked)
                VALUES (1, \(db.scope.services.random.uuid()), FALSE) ON CONFLICT DO NOTHING
                """)
        }
        return try await survey()
    }

    /// As ``ownership()``, without writing: the id is empty when there is none yet.
    func survey() async throws -> OwnedStore.Ownership {
        try await database.read { db in
            let entry: Entry? = try db.first("SELECT installation_id, is_marked FROM document_stores")
            let names: [String] = try db.values(
                "SELECT object_name FROM documents ORDER BY id DESC LIMIT \(Self.samples)")
            return OwnedStore.Ownership(
                id: entry?.installation ?? "", isMarked: entry?.isMarked ?? false,
                known: names.compactMap(ObjectName.init))
        }
    }

    func noteMark() async throws {
        try await database.write { db in
            _ = try db.run("UPDATE document_stores SET is_marked = TRUE")
        }
    }
}

extension OwnedStore {
    /// The store of a database. It gets the database's mark when it is new.
    init(_ base: any ObjectStore, of database: any Database) {
        let register = StoreRegister(database: database)
        self.init(
            base, time: database.services.time, ownership: register.ownership, noteMark: register.noteMark)
    }
}

extension DocumentsFeature {
    /// Whether a store carries the mark of this database, or would be given it at the start. Writes nothing; throws what
    /// keeps the two apart.
    package static func isMarked(_ store: any ObjectStore, of database: any Database) async throws -> Bool {
        let register = StoreRegister(database: database)
        return try await OwnedStore(
            store, time: database.services.time, ownership: register.survey, noteMark: {}
        ).isMarked()
    }
}
