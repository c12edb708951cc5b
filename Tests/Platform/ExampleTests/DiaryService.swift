import AuditTrail
import CareSyncCore
import Cryptography
import Directory
import Outbox
import Persistence

/// The rules and the transactions; knows nothing of HTTP. Time comes from the database's services.
struct DiaryService: Sendable {
    let database: any Database
    let vault: PatientVault

    /// Everything here happens or nothing does: the row, the messages, the audit line, and what subscribers of the
    /// event write. With an idempotency key the answer is kept in the same transaction.
    func write(
        _ text: String, remindAfter span: TimeSpan?, for patient: PatientID, by origin: RequestOrigin,
        once idempotency: Idempotency<DiaryEntry>?
    ) async throws -> Replayable<DiaryEntry> {
        try await database.write(idempotency: idempotency) { [vault] db in
            let now = db.now
            let id = DiaryEntryID(try db.nextID(DiaryMigrations.entryIDs))
            let sealed = try vault.seal(text, of: patient, at: Self.textContext(id), db)
            try DiaryRepository(db: db).insert(id, of: patient, text: sealed, at: now)

            // An effect, due at once, and a timer: both are rows until a worker carries them out.
            try db.enqueue(DiaryCopy(entry: id))
            if let span { try db.enqueue(DiaryReminder(entry: id), due: now + span) }
            db.audit(AuditEntry(.createPHI, "diary_entries", "\(id)", by: origin, patient: patient))
            try db.emit(DiaryEntryWritten(entry: id, patient: patient))
            return DiaryEntry(id: id, text: text, writtenAt: now, remindedAt: nil)
        }
    }

    /// Reading health data leaves a line in the audit log: the read first, then the line, then the answer.
    func list(of patient: PatientID, _ page: PageRequest, by origin: RequestOrigin) async throws -> Page<DiaryEntry> {
        try await database.readAudited { [vault] db in
            let found = try DiaryRepository(db: db).list(of: patient, page)
            let key = try vault.key(for: patient, db)
            let entries = try found.map { entry in
                DiaryEntry(
                    id: entry.id, text: try vault.open(entry.text, with: key, at: Self.textContext(entry.id)),
                    writtenAt: entry.writtenAt, remindedAt: entry.remindedAt)
            }
            return (entries, [AuditEntry(.readPHI, "diary_entries", "", by: origin, patient: patient)])
        }
    }

    private static func textContext(_ id: DiaryEntryID) -> FieldContext {
        FieldContext(table: "diary_entries", column: "text", row: id.rawValue)
    }
}
