import AuditTrail
import CareSyncCore
import Directory
import Persistence

/// Checks and prints prescriptions.
struct PrescriptionService: Sendable {
    let context: RecordsContext

    var now: Instant { context.database.services.time.now }

    /// `nil` for a code that was never printed.
    func find(code: String) async throws -> IssuedPrescription? {
        try await context.database.read { db in
            try PrescriptionRepository(db: db).find(digest: PrescriptionCodes.digest(of: code))
        }
    }

    /// What is printed for an entry.
    func sheet(of id: HistoryID, by caller: Principal, origin: RequestOrigin) async throws -> PrescriptionSheet {
        try await context.database.readAudited { [context] db in
            let (record, grounds) = try context.access.entry(for: caller, db) { try $0.find(id) }
            // The paper tells of the patient what the entry does not.
            guard !grounds.isAuthorship,
                let entry = try HistoryOpening(context: context, db: db).open([record], of: record.patientID).first
            else { throw HistoryError.notFound }
            guard let texts = entry.texts, let code = context.prescriptionCode(of: record),
                let issue = try PrescriptionRepository(db: db).find(digest: PrescriptionCodes.digest(of: code)),
                let sealed: SealedPatient = try db.first(
                    "SELECT \(SealedPatient.columns) FROM patients p WHERE p.id = \(record.patientID)")
            else { throw PrescriptionError.nothingPrescribed }
            let sheet = PrescriptionSheet(
                entry, texts, of: try context.vault.open(sealed, db),
                by: issue.doctor, issued: context.zone.date(at: issue.issuedAt),
                allergies: try HealthListOpening(context: context, db: db).lists(of: record.patientID).allergies.items,
                verificationURL: context.prescriptionURL(of: code))
            let line = AuditEntry(
                .exportPHI, "prescriptions", "\(id)", by: origin, patient: record.patientID,
                reason: grounds.auditReason)
            return (sheet, [line])
        }
    }
}

extension RecordsContext {
    /// `nil` when the entry prescribes nothing.
    fileprivate func prescriptionCode(of record: SealedHistory) -> String? {
        record.prescribedVersion.map { codes.code(of: record.id, version: $0) }
    }

    /// Where a prescription can be checked; `nil` when the entry prescribes nothing.
    func prescriptionURL(of record: SealedHistory) -> String? { prescriptionCode(of: record).map(prescriptionURL) }

    fileprivate func prescriptionURL(of code: String) -> String {
        "\(settings.linkBase)/public/prescriptions/\(code)"
    }
}
