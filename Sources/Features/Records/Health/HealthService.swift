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

    /// The patient's own statement and a treating doctor's count alike: the list is what was written last.
    func replace(
        _ column: HealthColumn, of patient: PatientID, with items: some Encodable & Sendable, by caller: Principal,
        origin: RequestOrigin
    ) async throws {
        try await context.database.write { [context] db in
            let grounds = try context.access.require(caller, for: patient, db)
            let sealed = try context.vault.seal(
                SealedJSON.text(items), of: patient, at: column.context(patient), db)
            try HealthRepository(db: db).replace(column, of: patient, sealed, at: db.now)
            db.audit(Self.entry(.updatePHI, column, patient, grounds, origin))
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
    case patientErased

    var problem: Problem { PatientVault.erased }
}
