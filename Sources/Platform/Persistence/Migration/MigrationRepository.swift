import CareSyncCore

/// The table that remembers which entries of the ledger a database has.
struct MigrationRepository {
    let db: any Connection

    struct Applied: RowDecodable {
        let name: String
        let checksum: String
        let isFinished: Bool

        init(row: Row) throws {
            name = try row.value("name")
            checksum = try row.value("checksum")
            isFinished = try row.value("applied_at") as Instant? != nil
        }
    }

    /// In the order in which they were applied.
    func list() throws -> [Applied] {
        let isThere: SQL =
            db.dialect == .postgres
            ? "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_migrations'"
            : "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'"
        guard try db.exists(isThere) else { return [] }
        return try db.all("SELECT name, checksum, applied_at FROM schema_migrations ORDER BY position")
    }

    /// Whether no other program is migrating now. A step of a large table takes longer than a statement may otherwise.
    func takeTurn() throws -> Bool {
        guard db.dialect == .postgres else { return true }
        try db.liftTimeLimit()
        return try db.value("SELECT pg_try_advisory_xact_lock(7241905)") ?? false
    }

    /// Notes that an entry is being applied.
    ///
    /// - Returns: how many of its steps are done.
    func begin(_ migration: Migration, at position: Int) throws -> Int {
        try createTable()
        try db.run(
            """
            INSERT INTO schema_migrations (name, position, checksum, steps_done)
            VALUES (\(migration.name), \(position), \(migration.checksum(db.dialect)), 0)
            ON CONFLICT DO NOTHING
            """)
        return try db.value("SELECT steps_done FROM schema_migrations WHERE name = \(migration.name)") ?? 0
    }

    func finish(_ step: Int, of migration: Migration) throws {
        let isLast = step == migration.steps.count - 1
        try db.run(
            """
            UPDATE schema_migrations
            SET steps_done = \(step + 1), applied_at = \(isLast ? db.now : nil)
            WHERE name = \(migration.name)
            """)
    }

    /// Whether a program is building the index now. PostgreSQL only, like ``isValid(_:)``.
    func isBeingBuilt(_ index: Migration.Index) throws -> Bool {
        try db.exists(
            """
            SELECT 1 FROM pg_stat_progress_create_index p JOIN pg_class c ON c.oid = p.index_relid
            WHERE p.datname = current_database() AND c.relname = \(index.name.text)
            """)
    }

    /// Whether the index can be used; `nil` when there is none.
    func isValid(_ index: Migration.Index) throws -> Bool? {
        try db.value(
            """
            SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE c.relname = \(index.name.text) AND c.relnamespace = current_schema()::regnamespace
            """)
    }

    private func createTable() throws {
        let d = db.dialect
        try db.run(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                name \(d.text) PRIMARY KEY,
                position \(d.integer) NOT NULL UNIQUE,
                checksum \(d.text) NOT NULL,
                steps_done \(d.integer) NOT NULL,
                applied_at \(d.instant)
            )\(d.strict)
            """)
    }
}
