import AuditTrail
import CareSyncCore
import Persistence

/// Reads and changes one list below doctors' profiles. Doctors change their own only (rules/profiles 7).
struct QualificationService<Entry: Qualification>: Sendable {
    let database: any Database
    let zone: ClinicZone
    let links: LinkPolicy

    private typealias Entries = QualificationRepository<Entry>

    /// Whose list is asked for.
    enum Owner: Sendable {
        case id(DoctorID)
        case username(String)
    }

    /// Patients see the lists of doctors whom they could book.
    func list(of owner: Owner, _ page: PageRequest, for caller: Principal) async throws -> Page<Entry> {
        try await database.read { db in
            let doctors = DoctorRepository(db: db)
            let found =
                switch owner {
                case .id(let id): try doctors.find(id)
                case .username(let name): try doctors.find(username: name)
                }
            guard let doctor = found, caller.role != .patient || doctor.isBookable else { throw DoctorError.notFound }
            return try Entries(db: db, doctor: doctor.id).page(page)
        }
    }

    func add(
        _ content: Entry.Content, of doctor: DoctorID, by origin: RequestOrigin, once idempotency: Idempotency<Entry>?
    ) async throws -> Replayable<Entry> {
        try await database.write(idempotency: idempotency) { db in
            let entries = try lock(doctor, db)
            guard try entries.count() < QualificationError.most else { throw QualificationError.tooMany }
            var content = content
            try Entry.settle(&content, from: nil, context(db))
            let id = try entries.insert(content)
            audit(id, "ADDED", origin, db)
            return try require(id, entries)
        }
    }

    /// - Parameter change: puts what was sent into what is there.
    func change(
        _ id: QualificationID, of doctor: DoctorID, by origin: RequestOrigin,
        _ change: @escaping @Sendable (inout Entry.Content) -> Void
    ) async throws -> Entry {
        try await database.write { db in
            let entries = try lock(doctor, db)
            let old = try require(id, entries).content
            var content = old
            change(&content)
            try Entry.settle(&content, from: old, context(db))
            try db.run(Entry.update(id, to: content))
            audit(id, "CHANGED", origin, db)
            return try require(id, entries)
        }
    }

    func remove(_ id: QualificationID, of doctor: DoctorID, by origin: RequestOrigin) async throws {
        try await database.write { db in
            guard try lock(doctor, db).delete(id) else { throw Entry.unknown }
            audit(id, "REMOVED", origin, db)
        }
    }

    /// Changes of one doctor take turns, so that the bound holds and nothing merged is lost.
    private func lock(_ doctor: DoctorID, _ db: any Connection) throws -> Entries {
        guard try DoctorRepository(db: db).lock(doctor) else { throw MissingProfile() }
        return Entries(db: db, doctor: doctor)
    }

    private func require(_ id: QualificationID, _ entries: Entries) throws -> Entry {
        guard let entry = try entries.find(id) else { throw Entry.unknown }
        return entry
    }

    private func context(_ db: any Connection) -> QualificationContext {
        QualificationContext(links: links, today: zone.date(at: db.now))
    }

    private func audit(_ id: QualificationID, _ step: String, _ origin: RequestOrigin, _ db: any Connection) {
        db.audit(AuditEntry(.accountChange, Entry.entity, "\(id)", by: origin, reason: step))
    }
}
