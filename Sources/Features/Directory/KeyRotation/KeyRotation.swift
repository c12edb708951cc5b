import AuditTrail
package import CareSyncCore
import Cryptography
package import FeatureContract
package import Persistence

/// How far a rotation has come among keys that the ring has wrapped, in the order of its keys.
package struct RingPlace: Sendable {
    package let ringKey: String
    package let row: Int64

    /// The beginning, unless given.
    package init(ringKey: String = "", row: Int64 = 0) {
        self.ringKey = ringKey
        self.row = row
    }
}

/// What a rotation has done up to a place.
package struct RingStep: Sendable {
    package var outcome = KeyRotation.Outcome()
    package let last: RingPlace

    package init(last: RingPlace) { self.last = last }
}

/// Replaces keys while readers and writers go on: ``rewrap()`` those of the ring, ``reencrypt()`` those of the patients.
/// Both go in batches, can be stopped at any point and taken up again, also by another process
/// (Documentation/key-rotation.md).
package struct KeyRotation: Sendable {
    /// Wraps up to `limit` further keys anew that the ring has wrapped, behind a place; `nil` at the end. Of higher features.
    package typealias RingRewrap = @Sendable (_ last: RingPlace, _ limit: Int, _ db: any Connection) throws -> RingStep?

    let database: any Database
    let vault: PatientVault
    let columns: [SealedColumn]
    let others: [RingRewrap]
    let wait: @Sendable (TimeSpan) async throws -> Void
    let report: @Sendable (String) -> Void

    /// Rows of a transaction.
    static let batch = 200

    /// - Parameters:
    ///   - columns: all columns that are sealed with patients' keys.
    ///   - wait: lets time pass.
    ///   - report: is told how far it has come, in a sentence.
    package init(
        database: any Database, vault: PatientVault, columns: [SealedColumn], others: [RingRewrap] = [],
        wait: @escaping @Sendable (TimeSpan) async throws -> Void, report: @escaping @Sendable (String) -> Void
    ) {
        self.database = database
        self.vault = vault
        self.columns = columns
        self.others = others
        self.wait = wait
        self.report = report
    }

    /// The keys of the ring that any patient's key needs.
    package static func ringKeysInUse(_ db: any Connection) throws -> [String] {
        try db.distinctTexts("ring_key", in: "patient_keys", where: "wrapped IS NOT NULL")
    }

    /// What a rotation has done.
    package struct Outcome: Sendable, Equatable {
        /// Keys wrapped anew, or values sealed anew.
        package var changed = 0
        /// Where stored bytes did not open. They stay as they are, and so do the keys that belong to them.
        package var damaged: [String] = []
    }

    /// What there is to do; changes nothing.
    package func survey() async throws -> [String] {
        try await database.read { [vault, columns] db in
            let repository = KeyRotationRepository(db: db)
            let counts = try repository.counts()
            let known = counts.map { "\($0.count) patient keys are wrapped by '\($0.ringKey)'" }
            let rest = counts.filter { $0.ringKey != vault.ring.writing.id }.reduce(0) { $0 + $1.count }
            let sealed = try columns.map { "\($0.table).\($0.column): \(try repository.count($0)) sealed values" }
            let run = try repository.unfinished().map { ["A re-encryption was begun at \($0.startedAt)."] } ?? []
            return known + ["\(rest) would be wrapped anew by '\(vault.ring.writing.id)'"] + sealed + run
        }
    }

    /// Wraps every data key by the writing key of the ring; afterwards the other keys of the ring can be removed.
    package func rewrap() async throws -> Outcome {
        var (outcome, last) = (Outcome(), (patient: PatientID(0), generation: Int64.min))
        while let step = try await rewrapBatch(after: last) {
            outcome.changed += step.outcome.changed
            outcome.damaged += step.outcome.damaged
            last = step.last
            report("\(outcome.changed) patient keys wrapped anew")
        }
        for other in others {
            var place = RingPlace()
            while let step = try await database.write({ [place] db in try other(place, Self.batch, db) }) {
                outcome.changed += step.outcome.changed
                outcome.damaged += step.outcome.damaged
                place = step.last
                report("\(outcome.changed) keys wrapped anew")
            }
        }
        try await database.write { db in Self.note("REWRAPPED", db) }
        return outcome
    }

    private struct Step: Sendable {
        var outcome = Outcome()
        var last: (patient: PatientID, generation: Int64)
    }

    /// `nil` when there is none.
    private func rewrapBatch(after last: (patient: PatientID, generation: Int64)) async throws -> Step? {
        try await database.write { [vault] db in
            let repository = KeyRotationRepository(db: db)
            let (ring, writing) = (vault.ring, vault.ring.writing.id)
            let rows = try repository.outdated(than: writing, after: last, limit: Self.batch)
            guard let end = rows.last else { return nil }
            var step = Step(last: (patient: end.patient, generation: end.generation))
            for row in rows {
                let context = PatientVault.context(row.patient)
                do {
                    guard let wrapped = row.wrapped, let number = UInt32(exactly: row.generation) else {
                        throw IntegrityFailure(context)
                    }
                    let key = try DataKey.unwrap(wrapped, generation: number, by: ring, at: context)
                    try repository.replace(
                        row, by: key.wrap(by: ring, at: context, random: vault.random), ringKey: writing)
                    step.outcome.changed += 1
                } catch let failure as IntegrityFailure {
                    step.outcome.damaged.append("\(failure)")
                } catch let missing as MissingRingKey {
                    step.outcome.damaged.append("\(missing) It wrapped a key of patient \(row.patient).")
                }
            }
            return step
        }
    }

    static func note(_ what: String, _ db: any Connection) {
        db.audit(AuditEntry(.adminAction, "patient_keys", "", by: .system("keys rotate"), reason: what))
    }
}
