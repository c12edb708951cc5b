import AuditTrail
import CareSyncCore
import Directory
import Persistence
import Scheduling

/// Writes entries, corrects them while they are not final, and takes them back.
struct HistoryWritingService: Sendable {
    let context: RecordsContext

    /// An entry as it was written, with what a doctor has to know who prescribes; `nil` for one who sees the entry only.
    struct Written: Sendable {
        let entry: HistoryEntry
        let lists: HealthLists?
    }

    func create(
        _ new: NewHistory, by caller: Principal, origin: RequestOrigin, once idempotency: Idempotency<Written>?
    ) async throws -> Replayable<Written> {
        let once = idempotency?.permitted { [context] db in
            _ = try context.access.require(caller, for: new.patient, db)
        }
        return try await context.database.write(idempotency: once) { [context] db in
            let grounds = try context.access.require(caller, for: new.patient, db)
            let doctor = try caller.requireDoctor()
            try check(new.visitDate, new.appointment, of: doctor, with: new.patient, db)
            let histories = HistoryRepository(db: db)
            let key = try context.vault.key(for: new.patient, db)
            if idempotency == nil, let twin = try twin(of: new, by: doctor, key, db) {
                return try written(twin, grounds, db)
            }
            let id = HistoryID(try db.nextID(HistorySchema.historyIDs))
            let texts = try SealedTexts(new.texts, of: id, with: key, context.vault)
            try histories.insert(
                id, new, texts, by: doctor, as: try DoctorLicence.name(of: doctor, db),
                isExceptional: grounds.auditReason != nil, at: db.now)
            if new.texts.isPrescribing { try issueCode(of: id, version: 1, by: doctor, db) }
            db.audit(
                AuditEntry(
                    .createPHI, "medical_histories", "\(id)", by: origin, patient: new.patient,
                    reason: grounds.auditReason))
            return try written(id, grounds, db)
        }
    }

    /// The same entry of a moment ago: what is sent twice by a second click, without a key, is written once.
    private func twin(
        of new: NewHistory, by doctor: DoctorID, _ key: PatientKey, _ db: any Connection
    ) throws -> HistoryID? {
        // Two at once take turns.
        try ProfileFiles.lock(new.patient, db)
        let recent = try HistoryRepository(db: db).list(
            of: new.patient, by: doctor, on: new.visitDate, since: db.now - Self.repetition)
        return try recent.first {
            try $0.appointmentID == new.appointment && $0.texts.open(of: $0.id, with: key, context.vault) == new.texts
        }?.id
    }

    private static let repetition = TimeSpan.minutes(1)

    /// A change that changes nothing makes no version.
    ///
    /// - Parameter isExpected: whether a version of the entry is one the caller wants to change.
    func update(
        _ id: HistoryID, _ change: HistoryChange, by caller: Principal, origin: RequestOrigin,
        if isExpected: @escaping @Sendable (_ version: Int64) -> Bool
    ) async throws -> Written {
        try await context.database.write { [context] db in
            let (record, grounds) = try changeable(id, caller, db, if: isExpected)
            let key = try context.vault.key(for: record.patientID, db)
            guard let texts = try record.texts.open(of: id, with: key, context.vault) else {
                throw HistoryError.patientErased
            }
            let before = HistorySnapshot(
                visitDate: record.visitDate, appointment: record.appointmentID, texts: texts)
            let after = HistorySnapshot(
                visitDate: change.visitDate ?? record.visitDate,
                appointment: change.appointment ?? record.appointmentID, texts: change.applied(to: texts))
            guard after != before else { return try written(id, grounds, db) }
            guard record.version < VersionRepository.most else { throw HistoryError.tooManyVersions }
            let newAppointment = after.appointment == before.appointment ? nil : after.appointment
            try check(after.visitDate, newAppointment, of: record.doctorID, with: record.patientID, db)
            try keep(before, of: record, key, db)
            let prescribed = try prescribedVersion(record, before.texts, after.texts, db)
            try HistoryRepository(db: db).update(
                record, visitDate: after.visitDate, appointment: after.appointment,
                texts: try SealedTexts(after.texts, of: id, with: key, context.vault), prescribedVersion: prescribed,
                as: try DoctorLicence.name(of: record.doctorID, db), at: db.now)
            db.audit(
                AuditEntry(
                    .updatePHI, "medical_histories", "\(id)", by: origin, patient: record.patientID,
                    reason: grounds.auditReason))
            return try written(id, grounds, db)
        }
    }

    /// The entry stays in the database and is shown no more. One to which a colleague has added stays shown.
    func delete(_ id: HistoryID, by caller: Principal, origin: RequestOrigin) async throws {
        try await context.database.write { db in
            let (record, grounds) = try changeable(id, caller, db) { _ in true }
            guard try !AmendmentRepository(db: db).isAmendedByOthers(record) else { throw HistoryError.amended }
            try HistoryRepository(db: db).delete(record, at: db.now)
            db.audit(
                AuditEntry(
                    .deletePHI, "medical_histories", "\(id)", by: origin, patient: record.patientID,
                    reason: grounds.auditReason))
        }
    }

    /// The entry, locked, if this caller may change it now.
    private func changeable(
        _ id: HistoryID, _ caller: Principal, _ db: any Connection, if isExpected: (Int64) -> Bool
    ) throws -> (SealedHistory, RecordAccess.Grounds) {
        let (record, grounds) = try context.access.entry(for: caller, db) { try $0.lock(id) }
        guard caller.role == .doctor, try caller.requireDoctor() == record.doctorID else {
            // Who sees the patient in an emergency only learns nothing here.
            throw grounds.auditReason == nil ? HistoryError.notAuthor : .notFound
        }
        guard isExpected(record.version) else { throw HistoryError.changedMeanwhile }
        guard !record.isFinal(at: db.now, context) else { throw HistoryError.final }
        return (record, grounds)
    }

    private func check(
        _ visitDate: LocalDate, _ appointment: AppointmentID?, of doctor: DoctorID, with patient: PatientID,
        _ db: any Connection
    ) throws {
        var errors: [FieldError] = []
        if visitDate > context.zone.date(at: db.now) {
            errors.append(FieldError(field: "visitDate", message: "must not be in the future"))
        } else if visitDate.year < 1900 {
            errors.append(FieldError(field: "visitDate", message: "must not be before 1900"))
        } else if let birth = try birth(of: patient, db), visitDate < birth {
            errors.append(FieldError(field: "visitDate", message: "must not be before the patient's birth"))
        }
        if let appointment,
            try !HistoryRepository(db: db).hasAppointment(appointment, of: doctor, with: patient)
        {
            errors.append(
                FieldError(
                    field: "appointmentId", message: "must be an appointment of yours with this patient, not cancelled")
            )
        }
        if !errors.isEmpty { throw Problem.validation(errors) }
    }

    private func birth(of patient: PatientID, _ db: any Connection) throws -> LocalDate? {
        let sealed: SealedPatient? = try db.first(
            "SELECT \(SealedPatient.columns) FROM patients p WHERE p.id = \(patient)")
        return try sealed.flatMap { try context.vault.open($0, db).dateOfBirth }
    }

    /// Puts what an entry says now among its versions.
    private func keep(
        _ snapshot: HistorySnapshot, of record: SealedHistory, _ key: PatientKey, _ db: any Connection
    ) throws {
        let id = VersionID(try db.nextID(HistorySchema.versionIDs))
        let content = try context.vault.seal(
            SealedJSON.text(snapshot), with: key, at: SealedVersion.context(id))
        try VersionRepository(db: db).insert(id, of: record, content: content)
    }

    /// The version in which what is prescribed last changed, with a code of its own.
    private func prescribedVersion(
        _ record: SealedHistory, _ before: HistoryTexts, _ after: HistoryTexts, _ db: any Connection
    ) throws -> Int64? {
        if after.prescribesSame(as: before) { return record.prescribedVersion }
        guard after.isPrescribing else { return nil }
        try issueCode(of: record.id, version: record.version + 1, by: record.doctorID, db)
        return record.version + 1
    }

    private func issueCode(of id: HistoryID, version: Int64, by doctor: DoctorID, _ db: any Connection) throws {
        let code = context.codes.code(of: id, version: version)
        try PrescriptionRepository(db: db).insert(
            digest: PrescriptionCodes.digest(of: code), of: id, version: version,
            by: try DoctorLicence.find(doctor, db), at: db.now)
    }

    private func written(
        _ id: HistoryID, _ grounds: RecordAccess.Grounds, _ db: any Connection
    ) throws -> Written {
        guard let record = try HistoryRepository(db: db).find(id),
            let entry = try HistoryOpening(context: context, db: db).open([record], of: record.patientID).first
        else { throw Problem.fault }
        let lists = HealthListOpening(context: context, db: db)
        return Written(entry: entry, lists: grounds.isAuthorship ? nil : try lists.lists(of: record.patientID))
    }
}
