import AuditTrail
import CareSyncCore
import Directory
import Persistence

/// Reads entries. Each read is one line of the audit log.
struct HistoryService: Sendable {
    let context: RecordsContext

    func find(_ id: HistoryID, by caller: Principal, origin: RequestOrigin) async throws -> HistoryEntry {
        try await context.database.readAudited { [context] db in
            let (record, grounds) = try context.access.entry(for: caller, db) { try $0.find(id) }
            guard let entry = try HistoryOpening(context: context, db: db).open([record], of: record.patientID).first
            else { throw HistoryError.notFound }
            return (entry, [Self.entry("\(id)", record.patientID, grounds, origin)])
        }
    }

    /// The latest visit first.
    func list(
        of patient: PatientID, _ filter: HistoryFilter, _ page: PageRequest, by caller: Principal, origin: RequestOrigin
    ) async throws -> Page<HistoryEntry> {
        try await read(patient, caller, origin) { [context] db in
            let page = try HistoryRepository(db: db).page(of: patient, filter, page)
            return page.replacing(try HistoryOpening(context: context, db: db).open(page.items, of: patient))
        }
    }

    /// Those whose diagnosis contains the words, in any case: the diagnoses of this one patient are opened and compared.
    func list(
        of patient: PatientID, diagnosed words: String, _ page: PageRequest, by caller: Principal, origin: RequestOrigin
    ) async throws -> Page<HistoryEntry> {
        try await read(patient, caller, origin) { [context] db in
            let histories = HistoryRepository(db: db)
            let key = try context.vault.key(for: patient, db)
            let wanted = TextKey.folded(words)
            let found = try histories.diagnoses(of: patient).filter { diagnosis in
                let text = try diagnosis.sealed.flatMap {
                    try context.vault.open($0, with: key, at: HistoryColumn.diagnosis.context(diagnosis.id))
                }
                return text.map { TextKey.folded($0).contains(wanted) } ?? false
            }
            let fetched = found.dropFirst(page.offset).prefix(page.limit).map(\.id)
            let ids = Page(fetched: Array(fetched), request: page, total: found.count)
            let records = try histories.page(of: patient, .among(ids.items), .whole)
            return ids.replacing(try HistoryOpening(context: context, db: db).open(records.items, of: patient))
        }
    }

    struct Summary: Sendable {
        var visits = 0
        var firstVisit: LocalDate?
        var lastVisit: LocalDate?
        /// Each once, the latest first.
        var diagnoses: [String] = []
    }

    func summary(of patient: PatientID, by caller: Principal, origin: RequestOrigin) async throws -> Summary {
        try await read(patient, caller, origin) { [context] db in
            let rows = try HistoryRepository(db: db).diagnoses(of: patient)
            var summary = Summary(
                visits: rows.count, firstVisit: rows.map(\.visitDate).min(), lastVisit: rows.first?.visitDate)
            guard !rows.isEmpty else { return summary }
            let key = try context.vault.key(for: patient, db)
            var known: Set<String> = []
            for row in rows {
                guard let sealed = row.sealed,
                    let text = try context.vault.open(sealed, with: key, at: HistoryColumn.diagnosis.context(row.id))
                else { continue }
                if known.insert(TextKey.folded(text)).inserted { summary.diagnoses.append(text) }
            }
            return summary
        }
    }

    private func read<Value: Sendable>(
        _ patient: PatientID, _ caller: Principal, _ origin: RequestOrigin,
        _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Value {
        try await context.database.readAudited { [context] db in
            let grounds = try context.access.require(caller, for: patient, db)
            return (try body(db), [Self.entry("", patient, grounds, origin)])
        }
    }

    private static func entry(
        _ id: String, _ patient: PatientID, _ grounds: RecordAccess.Grounds, _ origin: RequestOrigin
    ) -> AuditEntry {
        AuditEntry(
            .readPHI, "medical_histories", id, by: origin, patient: patient, reason: grounds.auditReason)
    }
}
