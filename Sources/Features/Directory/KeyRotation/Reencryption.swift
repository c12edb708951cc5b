import CareSyncCore
import Cryptography
import FeatureContract
import Persistence

extension KeyRotation {
    /// How long new generations only open. Until then every process has read them: keys are remembered for less
    /// (``PatientKeyCache/lifetime``).
    static let settling = TimeSpan.minutes(2)
    /// How long old generations stay after that, so that hardly a process is left that seals by them. One that does is
    /// refused by the database (``PatientKeySeals``) and reads its keys again.
    static let dropDelay = TimeSpan.minutes(4)
    static let dropInterval = TimeSpan.minutes(1)

    /// Gives every patient a new data key, seals everything with it, and drops the old ones. Takes up a run that was
    /// stopped.
    package func reencrypt() async throws -> Outcome {
        var outcome = Outcome()
        try await database.write { db in try KeyRotationRepository(db: db).begin(at: db.now) }
        while let run = try await database.read({ db in try KeyRotationRepository(db: db).unfinished() }) {
            switch run.stage {
            case .renewing:
                try await each(run, "new keys made") { last in try await renew(run, after: last) }
            case .rewriting:
                try await pass(Self.settling)
                try await each(run, "patients sealed anew") { last in
                    try await rewrite(after: last, dropping: false, &outcome)
                }
            case .dropping:
                try await pass(Self.dropDelay)
                try await drop(&outcome)
            }
            try await database.write { db in
                try KeyRotationRepository(db: db).end(run.stage, of: run, at: db.now)
                if run.stage == .dropping { Self.note("REENCRYPTED", db) }
            }
        }
        return outcome
    }

    /// The whole span, also when a run is taken up: the clocks of those who began it count for nothing.
    private func pass(_ span: TimeSpan) async throws {
        report("waiting \(span.seconds) s, until every process knows the new keys")
        try await wait(span)
    }

    /// Batch after batch of patients, until there are none; notes how far it has come behind each.
    private func each(
        _ run: KeyRotationRun, _ what: String, _ batch: (PatientID) async throws -> (last: PatientID, count: Int)?
    ) async throws {
        var (last, count) = (run.afterPatient, 0)
        while let done = try await batch(last) {
            last = done.last
            count += done.count
            let end = last
            try await database.write { db in try KeyRotationRepository(db: db).advance(run, to: end) }
            report("\(count) \(what)")
        }
    }

    /// A new generation for each patient who has none of this run; `nil` when there are no such patients.
    private func renew(
        _ run: KeyRotationRun, after last: PatientID
    ) async throws -> (last: PatientID, count: Int)? {
        try await database.write { [vault] db in
            let (repository, keys) = (KeyRotationRepository(db: db), PatientKeyRepository(db: db))
            let patients = try repository.unrenewed(by: run, after: last, limit: Self.batch)
            guard let end = patients.last else { return nil }
            try keys.lock(patients)
            // Read behind the lock: somebody may have been erased, or renewed by another process.
            let stored = Dictionary(grouping: try keys.list(of: patients), by: \.patient)
            for patient in patients {
                let generations = stored[patient] ?? []
                guard let newest = generations.last,
                    generations.allSatisfy({ $0.erasedAt == nil && $0.rotation != run.id }),
                    let number = UInt32(exactly: newest.generation + 1)
                else { continue }
                let key = DataKey(generation: number, random: vault.random)
                try keys.insert(
                    patient, generation: number, isSealing: false, ringKey: vault.ring.writing.id,
                    wrapped: key.wrap(by: vault.ring, at: PatientVault.context(patient), random: vault.random),
                    rotation: run.id, at: db.now)
            }
            return (end, patients.count)
        }
    }

    /// Goes through the patients until none had a value that an old key had sealed meanwhile.
    private func drop(_ outcome: inout Outcome) async throws {
        while true {
            let before = outcome.changed
            var last = PatientID(0)
            while let done = try await rewrite(after: last, dropping: true, &outcome) { last = done.last }
            guard outcome.changed > before else { return }
            try await pass(Self.dropInterval)
        }
    }

    private func rewrite(
        after last: PatientID, dropping: Bool, _ outcome: inout Outcome
    ) async throws -> (last: PatientID, count: Int)? {
        let patients = try await database.read { db in
            try KeyRotationRepository(db: db).renewed(after: last, limit: Self.batch)
        }
        guard let end = patients.last else { return nil }
        for patient in patients {
            let done = try await rewrite(patient, dropping: dropping)
            outcome.changed += done.changed
            outcome.damaged += done.damaged.filter { !outcome.damaged.contains($0) }
        }
        return (end, patients.count)
    }

    /// One patient's values, some of each column in a transaction.
    private func rewrite(_ patient: PatientID, dropping: Bool) async throws -> Outcome {
        var outcome = Outcome()
        // The last row looked at, by column; `nil` when there are no more.
        var places: [Int64?] = columns.map { _ in Int64.min }
        while places.contains(where: { $0 != nil }) {
            let start = places
            let drops = dropping && outcome.changed == 0
            let step = try await database.write { db in try rewrite(patient, from: start, dropping: drops, db) }
            places = step.places
            outcome.changed += step.outcome.changed
            outcome.damaged += step.outcome.damaged
        }
        return outcome
    }

    private struct Rewritten: Sendable {
        var places: [Int64?]
        var outcome = Outcome()
    }

    private func rewrite(
        _ patient: PatientID, from places: [Int64?], dropping: Bool, _ db: any Connection
    ) throws -> Rewritten {
        let (repository, keys) = (KeyRotationRepository(db: db), PatientKeyRepository(db: db))
        var result = Rewritten(places: columns.map { _ in nil })
        let stored = try keys.list(of: [patient])
        guard let key = try unwrapped(stored, of: patient, &result.outcome, db), let newest = key.generations.last
        else { return result }

        let batch = Batch()
        let found = zip(columns, places).map { column, place in
            place.map {
                batch.all(
                    SealedValue.self,
                    repository.values(
                        in: column, of: patient, notSealedBy: newest.generation, after: $0, limit: Self.batch))
            }
        }
        try batch.run(db)
        if stored.last?.isSealing == false { try keys.beginSealing(patient, newest.generation) }
        var changes: [SQL] = []
        for (index, values) in found.enumerated() {
            guard let values = try values?.value, let end = values.last else { continue }
            if values.count == Self.batch { result.places[index] = end.row }
            changes += replacements(values, in: columns[index], key, newest, &result.outcome, repository)
        }
        if !changes.isEmpty { try db.run(changes) }
        let isLast = result.places.allSatisfy { $0 == nil }
        if dropping, isLast, result.outcome.changed == 0 {
            // Everything that was sealed by them is committed behind this, and is seen below.
            try keys.holdGenerations(of: patient)
            // A damaged value needs its key in case that its bytes are found again in a backup.
            if try !hasOlder(of: patient, than: newest.generation, repository) {
                try repository.dropGenerations(of: patient, before: Int64(newest.generation))
            }
        }
        return result
    }

    /// `nil` when the patient is erased, or a key does not open.
    private func unwrapped(
        _ stored: [StoredPatientKey], of patient: PatientID, _ outcome: inout Outcome, _ db: any Connection
    ) throws -> PatientKey? {
        do {
            let key = try vault.unwrap(stored, of: patient)
            return key?.isErased == true ? nil : key
        } catch let failure as IntegrityFailure {
            outcome.damaged.append("\(failure)")
        } catch let missing as MissingRingKey {
            outcome.damaged.append("\(missing) It wrapped a key of patient \(patient).")
        }
        return nil
    }

    private func replacements(
        _ values: [SealedValue], in column: SealedColumn, _ key: PatientKey, _ newest: DataKey,
        _ outcome: inout Outcome, _ repository: KeyRotationRepository
    ) -> [SQL] {
        var changes: [SQL] = []
        for value in values {
            let context = FieldContext(table: column.table, column: column.column, row: value.row)
            guard let old = key.generation(FieldCipher.generation(of: value.envelope)),
                let plain = try? vault.cipher.open(value.envelope, with: old, at: context),
                let sealed = try? vault.cipher.seal(plain, with: newest, at: context)
            else {  // Whatever keeps it from opening, it stays as it is and is reported.
                outcome.damaged.append("\(IntegrityFailure(context))")
                continue
            }
            changes.append(repository.replacement(in: column, of: value, by: sealed))
            outcome.changed += 1
        }
        return changes
    }

    private func hasOlder(
        of patient: PatientID, than generation: UInt32, _ repository: KeyRotationRepository
    ) throws -> Bool {
        let batch = Batch()
        let found = columns.map { column in
            batch.all(
                SealedValue.self,
                repository.values(in: column, of: patient, notSealedBy: generation, after: Int64.min, limit: 1))
        }
        try batch.run(repository.db)
        return try found.contains { try !$0.value.isEmpty }
    }
}
