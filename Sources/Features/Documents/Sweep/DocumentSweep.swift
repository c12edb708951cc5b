import CareSyncCore
import Concurrency
import Logging
import ObjectStorage
import Outbox
import Persistence

/// Each night: the bytes of documents that were deleted long enough ago, and objects that belong to no document because a
/// program died between the object and the row (rules/documents 9).
///
/// A day's run is one row of the outbox, so it happens once whatever the number of nodes.
struct DocumentSweep: Sendable {
    let database: any Database
    let store: any ObjectStore
    let zone: ClinicZone
    let keepsDeleted: TimeSpan
    let logger: Logger

    struct Run: Job {
        static let kind = "documents.sweep"
        let date: LocalDate
        var key: String { date.description }
    }

    private static let batch = 500
    /// What a run may find without a document: this many objects, or this part of all. More is not what crashes leave, but
    /// a store and a database that do not fit together.
    private static let fewOrphans = 10
    private static let orphansOfHundred = 3
    /// The most that one run removes.
    private static let mostRemoved = 10_000

    var handler: JobHandler {
        .effect(Run.self) { _, _ in
            do {
                try await clear()
                try await removeOrphans()
            } catch let failure as StorageError {
                logger.error("nothing was swept", metadata: ["error": "\(failure)"])
                return .failed("STORAGE_UNAVAILABLE")
            }
            return .done { db in try schedule(on: zone.date(at: db.now).adding(days: 1), db) }
        }
    }

    /// Keeps the next run in the outbox until the task is cancelled, even if its row was lost or the clock was set.
    func run() async {
        await PeriodicTask("scheduling of the document sweep", every: .seconds(600), logger: logger, schedule).run()
    }

    /// Ensures that the next night's run is in the outbox; repeating it does no harm. None is due at once: what starts on
    /// the wrong database is to be noticed first.
    func schedule() async throws {
        try await database.write { db in try schedule(on: zone.date(at: db.now).adding(days: 1), db) }
    }

    private func schedule(on date: LocalDate, _ db: any Connection) throws {
        try db.enqueue(Run(date: date), due: zone.startOfDay(date))
    }

    private struct Cleared: RowDecodable {
        let id: DocumentID
        let objectName: String

        init(row: Row) throws {
            id = try row.value("id")
            objectName = try row.value("object_name")
        }
    }

    /// The object first: a row without one is never shown, an object without a row would be an orphan.
    private func clear() async throws {
        while true {
            let due: [Cleared] = try await database.read { [keepsDeleted] db in
                try db.all(
                    """
                    SELECT id, object_name FROM documents
                    WHERE deleted_at IS NOT NULL AND deleted_at < \(db.now - keepsDeleted)
                    ORDER BY deleted_at LIMIT \(Self.batch)
                    """)
            }
            guard !due.isEmpty else { return }
            for name in due.compactMap({ ObjectName($0.objectName) }) { try await store.delete(name) }
            let ids = due.map(\.id)
            try await database.write { db in
                try db.run("DELETE FROM document_shares WHERE document_id IN \(in: ids)")
                try db.run("DELETE FROM documents WHERE id IN \(in: ids) AND deleted_at IS NOT NULL")
            }
        }
    }

    /// Objects without a row are kept as long as deleted documents, in case the rows come back with a backup.
    private func removeOrphans() async throws {
        let now = database.services.time.now
        try await store.removeDrafts(before: now - DocumentSettings.orphanAge)
        let limit = now - max(keepsDeleted, DocumentSettings.orphanAge)
        var (total, count, orphans, last) = (0, 0, [ObjectName](), ObjectName?.none)
        while true {
            let page = try await store.list(after: last, limit: Self.batch)
            guard let end = page.last else { break }
            last = end.name
            total += page.count
            let found = try await withoutRow(page.filter { $0.modified < limit }.map(\.name))
            count += found.count
            orphans += found.prefix(Self.mostRemoved - orphans.count)
        }
        guard count <= max(Self.fewOrphans, total * Self.orphansOfHundred / 100) else {
            let figures = "\(count) of \(total)"
            logger.error(
                "too many objects belong to no document: none was removed", metadata: ["objects": "\(figures)"])
            return
        }
        for name in orphans {
            try await store.delete(name)
            logger.notice("an object without a document was removed")
        }
    }

    private func withoutRow(_ names: [ObjectName]) async throws -> [ObjectName] {
        guard !names.isEmpty else { return [] }
        let known: [String] = try await database.read { db in
            try db.values("SELECT object_name FROM documents WHERE object_name IN \(in: names.map(\.text))")
        }
        let kept = Set(known)
        return names.filter { !kept.contains($0.text) }
    }
}
