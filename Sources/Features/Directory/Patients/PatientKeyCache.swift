import CareSyncCore
import Cryptography
import Synchronization

/// Recently used patient keys, bounded.
///
/// Two halves: when the younger one is full the older one is dropped and they change places, so a key that is in use
/// stays without any bookkeeping per use. A key that was destroyed never comes back, whoever has read it before: ids are
/// given once, so a patient who is erased stays erased.
final class PatientKeyCache: Sendable {
    private struct State {
        var young: [PatientID: PatientKey] = [:]
        var old: [PatientID: PatientKey] = [:]
        /// Eight bytes for each patient erased since the program began.
        var forgotten: Set<PatientID> = []
        var polledAt: Instant?
    }

    /// Between polls that are further apart than this, rows of revocations may have been deleted unseen.
    static let trust = PatientKeyRevocations.kept - .hours(1)

    private let half: Int
    private let state = Mutex(State())

    init(limit: Int) {
        half = max(1, limit / 2)
    }

    subscript(patient: PatientID) -> PatientKey? {
        state.withLock { state in
            if let key = state.young[patient] { return key }
            guard let key = state.old[patient] else { return nil }
            insert(key, &state)
            return key
        }
    }

    /// Keeps the keys of a transaction that has ended well.
    func store(_ keys: [PatientKey]) {
        state.withLock { state in
            for key in keys where !state.forgotten.contains(key.patient) { insert(key, &state) }
        }
    }

    func forget(_ patients: [PatientID]) {
        guard !patients.isEmpty else { return }
        state.withLock { state in
            for patient in patients {
                state.forgotten.insert(patient)
                state.young[patient] = nil
                state.old[patient] = nil
            }
        }
    }

    /// What a poll begun at that moment has found.
    func apply(revoked patients: [PatientID], polledAt now: Instant) {
        state.withLock { state in
            if let last = state.polledAt, now - last > Self.trust {
                state.young = [:]
                state.old = [:]
            }
            state.polledAt = now
        }
        forget(patients)
    }

    var count: Int { state.withLock { Set($0.young.keys).union($0.old.keys).count } }

    private func insert(_ key: PatientKey, _ state: inout State) {
        if state.young.count >= half, state.young[key.patient] == nil {
            state.old = state.young
            state.young.removeAll(keepingCapacity: true)
        }
        state.young[key.patient] = key
    }
}
