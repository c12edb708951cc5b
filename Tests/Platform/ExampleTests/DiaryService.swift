import AuditTrail
import CareSyncCore
import Cryptography
import Outbox
import Persistence

/// The rules and the transactions; knows nothing of HTTP. Time and randomness come from the database's services.
struct DiaryService: Sendable {
    let database: any Database
    let hasher: PasswordHasher
    let signer: TokenSigner
    let ring: KeyRing

    private var random: RandomSource { database.services.random }
    private var cipher: FieldCipher { FieldCipher(random: random) }

    // MARK: Accounts

    /// Begins a diary. The password is hashed on threads of its own, before the transaction, which holds SQL only.
    func begin(owner: String, password: String) async throws -> PatientID {
        let hash = try await hasher.hash(password)
        return try await database.write { db in
            let patient = PatientID(try db.nextID(DiaryMigrations.patientIDs))
            let key = DataKey(generation: 1, random: random)
            let wrapped = try key.wrap(by: ring, at: Self.keyContext(patient), random: random)
            let isNew = try DiaryRepository(db: db).insert(
                patient, owner: owner, passwordHash: hash, wrappedKey: wrapped)
            guard isNew else { throw DiaryError.ownerTaken }
            return patient
        }
    }

    /// An access token. An unknown name takes the same time as a wrong password.
    func signIn(owner: String, password: String) async throws -> String {
        let diary = try await database.read { db in try DiaryRepository(db: db).find(owner: owner) }
        let verdict = try await hasher.verify(password, against: diary?.passwordHash)
        guard let diary, case .right = verdict else { throw DiaryError.wrongPassword }
        let now = database.services.time.now
        return try await signer.sign(
            AccessClaims(
                userID: UserID(diary.patient), username: diary.owner, role: .patient, sessionID: SessionID(1),
                tokenID: random.uuid(), issuedAt: now, expiresAt: now + .minutes(15)))
    }

    // MARK: Entries

    /// Everything here happens or nothing does: the row, the messages, the audit line, and what subscribers of the
    /// event write. With an idempotency key the answer is kept in the same transaction.
    func write(
        _ text: String, remindAfter span: TimeSpan?, for patient: PatientID, by origin: RequestOrigin,
        once idempotency: Idempotency<DiaryEntry>?
    ) async throws -> Replayable<DiaryEntry> {
        try await database.write(idempotency: idempotency) { db in
            let now = db.scope.services.time.now
            let id = DiaryEntryID(try db.nextID(DiaryMigrations.entryIDs))
            let key = try key(of: patient, db)
            let sealed = try cipher.seal(text, with: key, at: Self.textContext(id))
            try DiaryRepository(db: db).insert(id, of: patient, text: sealed, at: now)

            // An effect, due at once, and a timer: both are rows until a worker carries them out.
            try db.enqueue(OutboxMessage(kind: "diary.copy", subject: "diary_entry/\(id)"))
            if let span {
                try db.enqueue(
                    OutboxMessage(kind: "diary.reminder", subject: "diary_entry/\(id)", due: now + span))
            }
            db.audit(AuditEntry(.createPHI, "diary_entries", "\(id)", by: origin, patient: patient))
            try db.emit(DiaryEntryWritten(entry: id, patient: patient))
            return DiaryEntry(id: id, text: text, writtenAt: now, remindedAt: nil)
        }
    }

    /// Reading health data leaves a line in the audit log, so it is a writing transaction.
    func list(of patient: PatientID, _ page: PageRequest, by origin: RequestOrigin) async throws -> Page<DiaryEntry> {
        try await database.write { db in
            let found = try DiaryRepository(db: db).list(of: patient, page)
            let key = try key(of: patient, db)
            db.audit(AuditEntry(.readPHI, "diary_entries", "", by: origin, patient: patient))
            return try found.map { entry in
                DiaryEntry(
                    id: entry.id, text: try cipher.openText(entry.text, with: key, at: Self.textContext(entry.id)),
                    writtenAt: entry.writtenAt, remindedAt: entry.remindedAt)
            }
        }
    }

    private func key(of patient: PatientID, _ db: any Connection) throws -> DataKey {
        let context = Self.keyContext(patient)
        guard let diary = try DiaryRepository(db: db).find(patient) else { throw Problem.accessDenied }
        return try DataKey.unwrap(diary.wrappedKey, generation: 1, by: ring, at: context)
    }

    private static func keyContext(_ patient: PatientID) -> FieldContext {
        FieldContext(table: "diaries", column: "wrapped_key", row: patient.rawValue)
    }

    private static func textContext(_ id: DiaryEntryID) -> FieldContext {
        FieldContext(table: "diary_entries", column: "text", row: id.rawValue)
    }
}
