import CareSyncCore
import Concurrency
import Synchronization

/// Recently used patient keys, bounded, each for a minute: then it is read again, with the generations that were added.
///
/// A destroyed key never comes back: ids are never reused, so an erased patient stays erased.
final class PatientKeyCache: Sendable {
    static let lifetime = TimeSpan.minutes(1)

    private struct Entry {
        let key: PatientKey
        let readAt: Instant
    }

    private struct State {
        var keys: GenerationCache<PatientID, Entry>
        /// Eight bytes for each patient erased since the program began.
        var forgotten: Set<PatientID> = []
    }

    private let state: Mutex<State>

    init(limit: Int) {
        state = Mutex(State(keys: GenerationCache(limit: limit)))
    }

    subscript(patient: PatientID, at now: Instant) -> PatientKey? {
        state.withLock { state in
            guard let entry = state.keys.use(patient), entry.readAt <= now, now - entry.readAt < Self.lifetime else {
                return nil
            }
            return entry.key
        }
    }

    /// Keeps the keys of a transaction that has ended well and had read them at a moment.
    func store(_ keys: [PatientKey], readAt: Instant) {
        state.withLock { state in
            for key in keys where !state.forgotten.contains(key.patient) {
                state.keys.insert(Entry(key: key, readAt: readAt), for: key.patient)
            }
        }
    }

    /// Makes keys be read again.
    func drop(_ patients: [PatientID]) {
        guard !patients.isEmpty else { return }
        state.withLock { state in
            for patient in patients { state.keys.remove(patient) }
        }
    }

    /// For destroyed keys: nothing brings them back.
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
