import CareSyncCore
import Concurrency
import Synchronization

/// Recently used patient keys, bounded.
///
/// A destroyed key never comes back: ids are never reused, so an erased patient stays erased.
final class PatientKeyCache: Sendable {
    private struct State {
        var keys: GenerationCache<PatientID, PatientKey>
        /// Eight bytes for each patient erased since the program began.
        var forgotten: Set<PatientID> = []
    }

    private let state: Mutex<State>

    init(limit: Int) {
        state = Mutex(State(keys: GenerationCache(limit: limit)))
    }

    subscript(patient: PatientID) -> PatientKey? { state.withLock { $0.keys.use(patient) } }

    /// Keeps the keys of a transaction that has ended well.
    func store(_ keys: [PatientKey]) {
        state.withLock { state in
            for key in keys where !state.forgotten.contains(key.patient) { state.keys.insert(key, for: key.patient) }
        }
    }

    func forget(_ patients: [PatientID]) {
        guard !patients.isEmpty else { return }
        state.withLock { state in
            for patient in patients {
                state.forgotten.insert(patient)
                state.keys.remove(patient)
            }
        }
    }

    /// Forgets every key, because destroyed ones may have been missed.
    func forgetAll() { state.withLock { $0.keys.removeAll() } }

    var count: Int { state.withLock { $0.keys.count } }
}
