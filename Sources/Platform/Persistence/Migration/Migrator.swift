import CareSyncCore
package import Logging

/// Migrates a database to the schema of this program.
package struct Migrator: Sendable {
    private let database: any Database
    private let ledger: [Migration]
    private let logger: Logger

    /// What stops a migration, and so the start.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case namedTwice(String)
        /// The database has entries this program does not know, or lacks an earlier one.
        case notAPrefix(applied: [String], known: [String])
        case changed(String)

        package var description: String {
            switch self {
            case .namedTwice(let name): "Two migrations are named \(name)."
            case .notAPrefix(let applied, let known):
                "The database has the migrations \(applied), this program knows \(known): "
                    + "it is newer than this program, or was made by another one."
            case .changed(let name): "The migration \(name) has changed since it was applied to this database."
            }
        }
    }

    /// Throws when two entries have one name.
    package init(
        database: any Database, ledger: [Migration],
        logger: Logger = Logger(label: "migrations") { _ in SwiftLogNoOpLogHandler() }
    ) throws {
        var names: Set<String> = []
        for migration in ledger where !names.insert(migration.name).inserted {
            throw Failure.namedTwice(migration.name)
        }
        self.database = database
        self.ledger = ledger
        self.logger = logger
    }

    /// The entries that are still to be applied, or to be finished.
    package func pending() async throws -> [Migration] {
        let applied = try await database.read { db in try MigrationRepository(db: db).list() }
        let dialect = database.dialect
        guard applied.map(\.name) == ledger.prefix(applied.count).map(\.name) else {
            throw Failure.notAPrefix(applied: applied.map(\.name), known: ledger.map(\.name))
        }
        for (known, migration) in zip(applied, ledger) where known.checksum != migration.checksum(dialect) {
            throw Failure.changed(migration.name)
        }
        let finished = applied.prefix { $0.isFinished }.count
        return Array(ledger.dropFirst(finished))
    }

    /// Applies what is missing, step by step. Programs that start together take turns, and none waits with an open
    /// transaction.
    @discardableResult
    package func run() async throws -> [Migration] {
        var done: [Migration] = []
        for migration in try await pending() {
            var hasWorked = false
            for step in migration.steps.indices {
                logger.debug("migrating", metadata: ["name": "\(migration.name)", "step": "\(step + 1)"])
                if try await apply(step, of: migration) { hasWorked = true }
            }
            if hasWorked { done.append(migration) }
        }
        return done
    }

    /// Whether this program did it, and not another one.
    private func apply(_ step: Int, of migration: Migration) async throws -> Bool {
        switch migration.steps[step] {
        case .transaction(let build):
            return try await inTurn(step, of: migration) { db in
                for statement in build(db.dialect) { try db.run(statement) }
                return 0
            } != nil
        case .backfill(let build):
            var changed = 0
            while let rows = try await inTurn(step, of: migration, { db in try db.run(build(db.dialect)) }), rows > 0 {
                changed += rows
                logger.info("migrating", metadata: ["name": "\(migration.name)", "rows": "\(changed)"])
            }
            return changed > 0
        case .index(let index):
            return try await build(index, step, of: migration)
        }
    }

    /// On PostgreSQL outside a transaction. A program that stops, or a build that fails, leaves an invalid index behind, which
    /// is removed first; one that another program is building is waited for.
    private func build(_ index: Migration.Index, _ step: Int, of migration: Migration) async throws -> Bool {
        guard database.dialect == .postgres else {
            return try await inTurn(step, of: migration) { db in
                try db.run(index.statement(isConcurrent: false))
                return 0
            } != nil
        }
        guard try await inTurn(step, of: migration, { _ in 1 }) != nil else { return false }
        while try await database.read({ db in try MigrationRepository(db: db).isBeingBuilt(index) }) {
            try await Task.sleep(for: .milliseconds(200))
        }
        let isValid = try await database.read { db in try MigrationRepository(db: db).isValid(index) }
        if isValid == false {
            try await database.runOutsideTransaction("DROP INDEX CONCURRENTLY IF EXISTS \(index.name)")
        }
        if isValid != true {
            logger.info("migrating", metadata: ["name": "\(migration.name)", "index": "\(index.name.text)"])
            try await database.runOutsideTransaction(index.statement(isConcurrent: true))
        }
        return try await inTurn(step, of: migration) { _ in 0 } != nil
    }

    /// Runs a part of a step as soon as it is this program's turn.
    ///
    /// - Parameter body: does the part, and returns how much may be left; at 0 the step is done.
    /// - Returns: what `body` returned; `nil` when another program had done the step.
    private func inTurn(
        _ step: Int, of migration: Migration, _ body: @escaping @Sendable (any Connection) throws -> Int
    ) async throws -> Int? {
        let position = ledger.firstIndex { $0.name == migration.name } ?? 0
        var isWaiting = false
        while true {
            let turn: Turn = try await patiently {
                try await database.write { db in
                    let migrations = MigrationRepository(db: db)
                    guard try migrations.takeTurn() else { return .taken }
                    guard try migrations.begin(migration, at: position) == step else { return .over }
                    let left = try body(db)
                    if left == 0 { try migrations.finish(step, of: migration) }
                    return .mine(left: left)
                }
            }
            switch turn {
            case .mine(let left): return left
            case .over: return nil
            case .taken: break
            }
            if !isWaiting { logger.notice("migrations: another program is migrating, waiting for it") }
            isWaiting = true
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private enum Turn: Sendable {
        case mine(left: Int)
        case over, taken
    }

    /// A change of a table waits for its users, and others wait behind it. It gives up after the database's lock
    /// time-out and tries again, up to twelve times.
    private func patiently<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        for _ in 1..<12 {
            do {
                return try await body()
            } catch DatabaseFailure.lockTimeout {
                logger.notice("migrations: a table is in use, trying again")
            }
        }
        return try await body()
    }
}
