import AuditTrail
import CareSyncCore
import Directory
import Persistence

/// What is added to an entry, and what it said before.
struct AmendmentService: Sendable {
    let context: RecordsContext

    /// Any doctor who may read an entry may add to it, also when it is final; the name of who did stands beside the
    /// addition.
    func add(
        _ text: String, to id: HistoryID, by caller: Principal, origin: RequestOrigin,
        once idempotency: Idempotency<Amendment>?
    ) async throws -> Replayable<Amendment> {
        let once = idempotency?.permitted { [context] db in
            _ = try context.access.entry(for: caller, db) { try $0.find(id) }
        }
        return try await context.database.write(idempotency: once) { [context] db in
            let doctor = try caller.requireDoctor()
            let (record, grounds) = try context.access.entry(for: caller, db) { try $0.lock(id) }
            let amendments = AmendmentRepository(db: db)
            guard try amendments.count(of: id) < AmendmentRepository.most else {
                throw HistoryError.tooManyAmendments
            }
            let amendment = AmendmentID(try db.nextID(HistorySchema.amendmentIDs))
            let sealed = try context.vault.seal(
                text, of: record.patientID, at: SealedAmendment.context(amendment), db)
            let name = try DoctorLicence.name(of: doctor, db)
            try amendments.insert(amendment, of: record, by: doctor, as: name, text: sealed, at: db.now)
            db.audit(
                AuditEntry(
                    .createPHI, "medical_history_amendments", "\(amendment)", by: origin, patient: record.patientID,
                    reason: grounds.auditReason))
            return Amendment(id: amendment, text: text, doctorName: name, createdAt: db.now)
        }
    }

    /// Every version of an entry, the newest first.
    func versions(of id: HistoryID, by caller: Principal, origin: RequestOrigin) async throws -> HistoryVersions {
        try await context.database.readAudited { [context] db in
            let (record, grounds) = try context.access.entry(for: caller, db) { try $0.find(id) }
            let key = try context.vault.key(for: record.patientID, db)
            let current = try record.texts.open(of: id, with: key, context.vault).map {
                HistorySnapshot(visitDate: record.visitDate, appointment: record.appointmentID, texts: $0)
            }
            let earlier = try VersionRepository(db: db).list(of: id).map { version in
                let context = SealedVersion.context(version.id)
                return HistoryVersion(
                    version: version.version, changedAt: version.changedAt, changedBy: version.writtenAs,
                    snapshot: try self.context.vault.open(version.content, with: key, at: context).map {
                        try SealedJSON.value($0, at: context)
                    })
            }
            let newest = HistoryVersion(
                version: record.version, changedAt: record.updatedAt, changedBy: record.writtenAs, snapshot: current)
            let entry = AuditEntry(
                .readPHI, "medical_histories", "\(id)", by: origin, patient: record.patientID,
                reason: grounds.auditReason)
            return (HistoryVersions(record: record, versions: [newest] + earlier), [entry])
        }
    }
}
