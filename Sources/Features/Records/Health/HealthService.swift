import AuditTrail
import CareSyncCore
import Directory
import Persistence

/// Allergies and current medication.
struct HealthService: Sendable {
    let context: RecordsContext

    func lists(
        of patient: PatientID, showing column: HealthColumn, by caller: Principal, origin: RequestOrigin
    ) async throws -> HealthLists {
        try await context.database.readAudited { [context] db in
            let grounds = try context.access.require(caller, for: patient, db)
            let lists = try HealthListOpening(context: context, db: db).lists(of: patient)
            return (lists, [Self.entry(.readPHI, column, patient, grounds, origin)])
        }
    }

    /// The patient's own statement and a treating doctor's count alike: the list is what was written last. What it said
    /// before is opened first, and kept.
    ///
    /// - Parameter isExpected: whether a version of the list is one the caller wants to change.
    func replace<Item: Codable & Sendable & Equatable>(
        _ column: HealthColumn, of patient: PatientID, with items: [Item], by caller: Principal, origin: RequestOrigin,
        if isExpected: @escaping @Sendable (_ version: Int64) -> Bool
    ) async throws -> RecordedList<Item> {
        try await context.database.write { [context] db in
            let grounds = try context.access.require(caller, for: patient, db)
            // Two who write at once take turns.
            try ProfileFiles.lock(patient, db)
            let (lists, key) = (HealthRepository(db: db), try context.vault.key(for: patient, db))
            let before: RecordedList<Item> =
                try lists.find(patient).map {
                    try HealthListOpening(context: context, db: db).open($0[column], column, key)
                } ?? RecordedList()
            guard isExpected(before.version) else { throw HealthError.changedMeanwhile }
            let isSame = before.items == items
            if !isSame, let old = before.items, let recordedAt = before.recordedAt {
                let id = try db.nextID(HealthSchema.versionIDs)
                let sealed = try context.vault.seal(
                    SealedJSON.text(old), with: key, at: HealthRepository.versionContext(id))
                try lists.keep(id, column, of: patient, sealed, version: before.version, recordedAt: recordedAt)
            }
            let after = RecordedList(
                items: items, version: isSame ? before.version : before.version + 1, recordedAt: db.now)
            let sealed = try context.vault.seal(SealedJSON.text(items), with: key, at: column.context(patient))
            try lists.replace(column, of: patient, sealed, version: after.version, at: db.now)
            db.audit(Self.entry(.updatePHI, column, patient, grounds, origin))
            return after
        }
    }

    private static func entry(
        _ action: AuditEntry.Action, _ column: HealthColumn, _ patient: PatientID, _ grounds: RecordAccess.Grounds,
        _ origin: RequestOrigin
    ) -> AuditEntry {
        AuditEntry(
            action, "patient_health", column.rawValue, by: origin, patient: patient, reason: grounds.auditReason)
    }
}

enum HealthError: FailureCatalogue, CaseIterable {
    case patientErased, changedMeanwhile

    var problem: Problem {
        switch self {
        case .patientErased: PatientVault.erased
        case .changedMeanwhile:
            Problem(.preconditionFailed, "PRECONDITION_FAILED", "The list has changed since you read it.")
        }
    }
}
