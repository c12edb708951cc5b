import CareSyncCore
import Persistence
import Synchronization

/// By which generations one transaction has sealed values.
///
/// The transaction proves that they are still there, and holds them until its end: without that, a process that remembers
/// a dropped generation would store what nobody can open (rules/patient-data 6). No clock takes part.
final class PatientKeySeals: Sendable {
    private struct State {
        var unproven: [PatientID: UInt32] = [:]
        var proven: [PatientID: UInt32] = [:]
    }

    private let state = Mutex(State())

    /// The patients whose keys have been used, for a cache that may be out of date.
    var patients: [PatientID] { state.withLock { Array($0.proven.keys) } }

    func note(_ patient: PatientID, _ generation: UInt32) {
        state.withLock { state in
            if state.proven[patient] != generation { state.unproven[patient] = generation }
        }
    }

    /// Makes the transaction fail, and be repeated, when a generation that sealed is gone. Costs no round trip.
    func prove(_ db: any Connection) throws {
        let due = state.withLock { state in
            defer { state.unproven = [:] }
            state.proven.merge(state.unproven) { _, new in new }
            return state.unproven
        }
        guard !due.isEmpty else { return }
        let batch = Batch()
        let answers = due.sorted { $0.key.rawValue < $1.key.rawValue }.map { patient, generation in
            batch.value(Int.self, Self.proof(patient, generation, db.dialect))
        }
        guard let transaction = db as? any PipelinedTransaction else { return try batch.run(db) }
        try transaction.later(batch)
        // PostgreSQL fails by itself. On SQLite the answers are there.
        guard db.dialect == .sqlite else { return }
        guard try answers.allSatisfy({ try $0.value == 1 }) else { throw DatabaseFailure.conflict(code: Self.gone) }
    }

    private static let gone = "patient_key_gone"

    static let function: SQL = """
        CREATE FUNCTION patient_key_gone() RETURNS bigint LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'patient_key_gone' USING ERRCODE = '40001'; END $$
        """

    /// 1 as long as the generation is there, which it stays until the transaction ends.
    private static func proof(_ patient: PatientID, _ generation: UInt32, _ dialect: Dialect) -> SQL {
        let held: SQL = """
            SELECT 1 FROM patient_keys k
            WHERE k.patient_id = \(patient) AND k.generation = \(Int64(generation)) AND k.wrapped IS NOT NULL
            """
        return dialect == .postgres
            ? """
            SELECT CASE count(*) WHEN 0 THEN patient_key_gone() ELSE 1 END
            FROM (\(held)\(dialect.forKeyShare(of: "k"))) held
            """ : "SELECT count(*) FROM (\(held)) held"
    }
}
