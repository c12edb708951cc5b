package import CareSyncCore
package import Cryptography
package import Logging
package import Persistence

/// Keeps every patient's data keys, and seals and opens what is stored about a patient with them.
///
/// A key is remembered for the rest of the transaction that reads it, and in a cache once that transaction has ended well,
/// so one that was rolled back is never used later.
package struct PatientVault: Sendable {
    let ring: KeyRing
    let random: RandomSource
    let cipher: FieldCipher
    private let logger: Logger
    let cache: PatientKeyCache

    package init(ring: KeyRing, random: RandomSource, logger: Logger, cachedKeys: Int = 10_000) {
        self.ring = ring
        self.random = random
        self.logger = logger
        cipher = FieldCipher(random: random)
        cache = PatientKeyCache(limit: cachedKeys)
    }

    // MARK: Values

    /// Throws ``PatientVault/erased`` for a patient who is erased.
    package func seal(_ text: String, with key: PatientKey, at context: FieldContext) throws -> [UInt8] {
        guard let sealing = key.sealing else {
            throw key.isErased ? Self.erased : IntegrityFailure(Self.context(key.patient))
        }
        key.seals?.note(key.patient, sealing.generation)
        return try cipher.seal(text, with: sealing, at: context)
    }

    /// `nil` when the patient is erased, or the key is lost. Throws ``Cryptography/IntegrityFailure`` when the value does
    /// not open: there is never a placeholder.
    package func open(_ envelope: [UInt8], with key: PatientKey, at context: FieldContext) throws -> String? {
        guard key.isUsable else { return nil }
        guard let generation = key.generation(FieldCipher.generation(of: envelope)) else {
            // It may be newer than what is remembered.
            cache.drop([key.patient])
            throw IntegrityFailure(context)
        }
        return try cipher.openText(envelope, with: generation, at: context)
    }

    /// Seals one value of a patient; several values of one patient share a key from ``key(for:_:)``.
    package func seal(
        _ text: String, of patient: PatientID, at context: FieldContext, _ db: any Connection
    ) throws -> [UInt8] {
        let sealed = try seal(text, with: key(for: patient, db), at: context)
        // At once, so that it travels with what comes next.
        try remembered(db).seals.prove(db)
        return sealed
    }

    package func open(
        _ envelope: [UInt8], of patient: PatientID, at context: FieldContext, _ db: any Connection
    ) throws -> String? {
        try open(envelope, with: key(for: patient, db), at: context)
    }

    /// The refusal to write about an erased patient, whose account is closed as well.
    package static let erased = Problem(.conflict, "PATIENT_INACTIVE", "The patient's account is not active.")

    // MARK: Keys

    /// For one patient's detail: throws ``Cryptography/IntegrityFailure`` when the patient is not erased and has no key
    /// that opens.
    package func key(for patient: PatientID, _ db: any Connection) throws -> PatientKey {
        if let known = known(patient, db) { return known.noting(in: remembered(db).seals) }
        let read = try PatientKeyRepository(db: db).list(of: [patient])
        do {
            guard let key = try unwrap(read, of: patient) else {
                throw IntegrityFailure(Self.context(patient))
            }
            remember([key], db)
            return key.noting(in: remembered(db).seals)
        } catch let missing as MissingRingKey {
            log(missing, patient)
            throw IntegrityFailure(Self.context(patient))
        }
    }

    /// For a list: the keys of many patients in one query, or in none when all are known. Every patient is in the result; a
    /// key that is lost is logged and opens nothing, so that one row does not take the others with it.
    package func keys(for patients: some Sequence<PatientID>, _ db: any Connection) throws -> [PatientID: PatientKey] {
        var keys: [PatientID: PatientKey] = [:]
        var missing: Set<PatientID> = []
        for patient in patients where keys[patient] == nil {
            if let known = known(patient, db) { keys[patient] = known } else { missing.insert(patient) }
        }
        guard !missing.isEmpty else { return keys }
        let rows = Dictionary(grouping: try PatientKeyRepository(db: db).list(of: Array(missing)), by: \.patient)
        var read: [PatientKey] = []
        for patient in missing {
            let key = try unwrapOrLog(rows[patient] ?? [], of: patient)
            keys[patient] = key
            if key.isUsable { read.append(key) }
        }
        remember(read, db)
        let seals = remembered(db).seals
        return keys.mapValues { $0.noting(in: seals) }
    }

    /// A key for a patient whose row is about to be inserted.
    func newKey(for patient: PatientID) -> PatientKey {
        PatientKey(patient, generations: [DataKey(generation: 1, random: random)])
    }

    func store(_ key: PatientKey, at now: Instant, _ db: any Connection) throws {
        for generation in key.generations {
            let wrapped = try generation.wrap(by: ring, at: Self.context(key.patient), random: random)
            try PatientKeyRepository(db: db).insert(
                key.patient, generation: generation.generation, isSealing: true, ringKey: ring.writing.id,
                wrapped: wrapped, at: now)
        }
        remember([key], db)
    }

    /// Destroys a patient's keys and the words by which the patient is found, as erasure needs: from the commit on nothing of the patient can be opened on this node,
    /// and within a second on none. What is stored stays as it is and shows as erased.
    package func forget(_ patient: PatientID, _ db: any Connection) throws {
        try PatientKeyRepository(db: db).erase(patient, at: db.now)
        try PatientNames.remove(of: patient, db)
        remembered(db).keys[patient] = nil
        db.scope.afterCommit { [cache] in cache.forget([patient]) }
    }

    /// Throws ``Cryptography/IntegrityFailure``, and ``Cryptography/MissingRingKey`` when the ring lacks the key that wrapped
    /// one of them. `nil` when there is none.
    func unwrap(_ rows: [StoredPatientKey], of patient: PatientID) throws -> PatientKey? {
        if rows.contains(where: { $0.erasedAt != nil }) { return .erased(patient) }
        let generations = try rows.map { row in
            guard let number = UInt32(exactly: row.generation), let wrapped = row.wrapped else {
                throw IntegrityFailure(Self.context(patient))
            }
            return try DataKey.unwrap(wrapped, generation: number, by: ring, at: Self.context(patient))
        }
        let sealing = Array(zip(rows, generations)).last { $0.0.isSealing }
        return generations.isEmpty ? nil : PatientKey(patient, generations: generations, sealing: sealing?.1)
    }

    private func unwrapOrLog(_ rows: [StoredPatientKey], of patient: PatientID) throws -> PatientKey {
        do {
            if let key = try unwrap(rows, of: patient) { return key }
        } catch let missing as MissingRingKey {
            log(missing, patient)
            return .lost(patient)
        } catch is IntegrityFailure {}
        logger.error("a patient key is lost", metadata: ["place": "\(IntegrityFailure(Self.context(patient)))"])
        return .lost(patient)
    }

    private func log(_ missing: MissingRingKey, _ patient: PatientID) {
        logger.error(
            "a patient key does not open",
            metadata: ["place": "\(IntegrityFailure(Self.context(patient)))", "cause": "\(missing)"])
    }

    static func context(_ patient: PatientID) -> FieldContext {
        FieldContext(table: "patient_keys", column: "wrapped", row: patient.rawValue)
    }

    // MARK: Memory

    /// The keys that one transaction has read or made, and what it has sealed with them.
    private final class Remembered {
        var keys: [PatientID: PatientKey] = [:]
        let seals = PatientKeySeals()
    }

    private func remembered(_ db: any Connection) -> Remembered {
        db.scope.companion(of: cache) {
            let made = Remembered()
            let (seals, cache) = (made.seals, cache)
            db.scope.beforeCommit { db in try seals.prove(db) }
            // What was remembered may be why. It is read again.
            db.scope.afterRollback { cache.drop(seals.patients) }
            return made
        }
    }

    private func known(_ patient: PatientID, _ db: any Connection) -> PatientKey? {
        remembered(db).keys[patient] ?? cache[patient, at: db.now]
    }

    private func remember(_ keys: [PatientKey], _ db: any Connection) {
        let remembered = remembered(db)
        for key in keys { remembered.keys[key.patient] = key }
        let usable = keys.filter(\.isUsable)
        guard !usable.isEmpty else { return }
        let now = db.now
        db.scope.afterCommit { [cache] in cache.store(usable, readAt: now) }
    }
}
