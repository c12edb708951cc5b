package import CareSyncCore
package import Cryptography
package import Persistence

/// Keeps every patient's data key, and seals and opens what is stored about a patient with it (RULINGS E1).
///
/// Keys are read in the transaction that asks, and enter the cache when that transaction has ended well, so one that was
/// rolled back is never remembered.
package struct PatientVault: Sendable {
    private let ring: KeyRing
    private let random: RandomSource
    private let cipher: FieldCipher
    private let cache: PatientKeyCache

    package init(ring: KeyRing, random: RandomSource, cachedKeys: Int = 10_000) {
        self.ring = ring
        self.random = random
        cipher = FieldCipher(random: random)
        cache = PatientKeyCache(limit: cachedKeys)
    }

    /// A key for a patient whose row is about to be inserted.
    func newKey() -> DataKey { DataKey(generation: 1, random: random) }

    func store(_ key: DataKey, for patient: PatientID, _ db: any Connection) throws {
        let wrapped = try key.wrap(by: ring, at: Self.context(patient), random: random)
        try db.later(
            """
            INSERT INTO patient_keys (patient_id, generation, ring_key, wrapped, created_at)
            VALUES (\(patient), \(Int64(key.generation)), \(ring.writing.id), \(wrapped), \(db.scope.services.time.now))
            """)
        remember([patient: key], db)
    }

    /// Throws ``Cryptography/IntegrityFailure`` when the patient has no key that opens.
    package func key(for patient: PatientID, _ db: any Connection) throws -> DataKey {
        if let known = cache[patient] { return known }
        guard let key = try keys(for: [patient], db)[patient] else { throw IntegrityFailure(Self.context(patient)) }
        return key
    }

    /// The keys of many patients in one query, or in none when all are cached. Every patient is in the result.
    package func keys(for patients: [PatientID], _ db: any Connection) throws -> [PatientID: DataKey] {
        var keys: [PatientID: DataKey] = [:]
        keys.reserveCapacity(patients.count)
        var missing: Set<PatientID> = []
        for patient in patients {
            if let known = cache[patient] { keys[patient] = known } else { missing.insert(patient) }
        }
        guard !missing.isEmpty else { return keys }
        let read = try read(Array(missing), db)
        for patient in missing where read[patient] == nil { throw IntegrityFailure(Self.context(patient)) }
        remember(read, db)
        return keys.merging(read) { $1 }
    }

    /// Drops a key from memory once the transaction has ended, as erasure needs.
    package func forget(_ patient: PatientID, _ db: any Connection) {
        let cache = cache
        db.scope.afterCommit { cache.forget(patient) }
    }

    package func seal(_ text: String, with key: DataKey, at context: FieldContext) throws -> [UInt8] {
        try cipher.seal(text, with: key, at: context)
    }

    package func open(_ envelope: [UInt8], with key: DataKey, at context: FieldContext) throws -> String {
        try cipher.openText(envelope, with: key, at: context)
    }

    /// Seals one value of a patient's; several values of one patient share a key from ``key(for:_:)``.
    package func seal(
        _ text: String, of patient: PatientID, at context: FieldContext, _ db: any Connection
    ) throws -> [UInt8] {
        try cipher.seal(text, with: key(for: patient, db), at: context)
    }

    package func open(
        _ envelope: [UInt8], of patient: PatientID, at context: FieldContext, _ db: any Connection
    ) throws -> String {
        try cipher.openText(envelope, with: key(for: patient, db), at: context)
    }

    private func remember(_ keys: [PatientID: DataKey], _ db: any Connection) {
        let cache = cache
        db.scope.afterCommit { cache.store(keys) }
    }

    private func read(_ patients: [PatientID], _ db: any Connection) throws -> [PatientID: DataKey] {
        var keys: [PatientID: DataKey] = [:]
        try db.query("SELECT patient_id, generation, wrapped FROM patient_keys WHERE patient_id IN \(in: patients)") {
            row in
            let patient: PatientID = try row.value("patient_id")
            guard let generation = UInt32(exactly: try row.value("generation") as Int64) else {
                throw IntegrityFailure(Self.context(patient))
            }
            keys[patient] = try DataKey.unwrap(
                row.value("wrapped"), generation: generation, by: ring, at: Self.context(patient))
        }
        return keys
    }

    private static func context(_ patient: PatientID) -> FieldContext {
        FieldContext(table: "patient_keys", column: "wrapped", row: patient.rawValue)
    }
}
