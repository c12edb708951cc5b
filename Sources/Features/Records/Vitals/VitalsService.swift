import AuditTrail
import CareSyncCore
import Directory
import Persistence

/// What patients measure themselves.
struct VitalsService: Sendable {
    let context: RecordsContext

    /// A clock that runs ahead is forgiven this much.
    private static let clockTolerance = TimeSpan.minutes(5)
    /// What is entered later than this after it was measured alarms nobody.
    private static let alertAge = TimeSpan.hours(24)
    /// The most measurements that trends look at.
    private static let mostInTrends = 10_000

    /// - Parameter time: when it was measured; now when `nil`.
    func record(
        _ measurements: Measurements, at time: ClientDateTime?, of patient: PatientID, origin: RequestOrigin,
        once idempotency: Idempotency<Vitals>?
    ) async throws -> Replayable<Vitals> {
        try await context.database.write(idempotency: idempotency) { [context] db in
            let vitals = VitalsRepository(db: db)
            guard let sealedPatient = try vitals.lockPatient(patient) else { throw Problem.accessDenied }
            let card = try context.vault.open(sealedPatient, db)
            let recordedAt = try moment(time, of: card, at: db.now)
            let key = try context.vault.key(for: patient, db)
            let isKnown = try vitals.list(of: patient, at: recordedAt).contains {
                try $0.open(with: key, context.vault).measurements == measurements
            }
            if isKnown { throw VitalsError.duplicate }
            let id = VitalsID(try db.nextID(VitalsSchema.ids))
            let sealed = try context.vault.seal(measurements.stored, with: key, at: SealedVitals.context(id))
            try vitals.insert(id, of: patient, recordedAt: recordedAt, measurements: sealed, at: db.now)
            db.audit(AuditEntry(.createPHI, "vitals", "\(id)", by: origin, patient: patient))
            let isCritical = VitalsThresholds.reached(by: measurements).contains { $0.level == .critical }
            if isCritical, recordedAt > db.now - Self.alertAge {
                try db.emit(CriticalVitalsRecorded(vitals: id, patient: patient, recordedAt: recordedAt))
            }
            return Vitals(id: id, patientID: patient, recordedAt: recordedAt, measurements: measurements)
        }
    }

    /// The newest first.
    func list(
        of patient: PatientID, _ range: VitalsRange, _ page: PageRequest, by caller: Principal, origin: RequestOrigin
    ) async throws -> Page<Vitals> {
        try await read(patient, caller, origin) { [context] db in
            let page = try VitalsRepository(db: db).page(of: patient, range, page)
            guard !page.items.isEmpty else { return page.replacing([]) }
            let key = try context.vault.key(for: patient, db)
            return try page.map { try $0.open(with: key, context.vault) }
        }
    }

    func trends(
        of patient: PatientID, _ range: VitalsRange, by caller: Principal, origin: RequestOrigin
    ) async throws -> [VitalField: VitalsTrend] {
        try await read(patient, caller, origin) { [context] db in
            let rows = try VitalsRepository(db: db).list(of: patient, range, limit: Self.mostInTrends)
            guard !rows.isEmpty else { return [:] }
            let key = try context.vault.key(for: patient, db)
            return VitalsTrend.all(of: try rows.reversed().map { try $0.open(with: key, context.vault) })
        }
    }

    private func read<Value: Sendable>(
        _ patient: PatientID, _ caller: Principal, _ origin: RequestOrigin,
        _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Value {
        try await context.database.readAudited { [context] db in
            let grounds = try context.access.require(caller, for: patient, db)
            let entry = AuditEntry(
                .readPHI, "vitals", "", by: origin, patient: patient, reason: grounds.auditReason)
            return (try body(db), [entry])
        }
    }

    private func moment(_ time: ClientDateTime?, of patient: PatientCard, at now: Instant) throws -> Instant {
        guard let time else { return now }
        guard let moment = context.zone.instant(of: time) else {
            throw Self.refusal("is a time that the clinic's clock skips")
        }
        guard moment <= now + Self.clockTolerance else { throw Self.refusal("must not be in the future") }
        let date = context.zone.date(at: moment)
        if let birth = patient.dateOfBirth {
            guard date >= birth else { throw Self.refusal("must not be before the patient's birth") }
        }
        guard date.year >= 1900 else { throw Self.refusal("must not be before 1900") }
        return moment
    }

    private static func refusal(_ rule: String) -> Problem {
        Problem.invalid("recordedAt", "VALIDATION_FAILED", rule: rule)
    }
}
