import CareSyncCore
import Cryptography
import Synchronization

/// The data keys of the patients of late, at most so many.
///
/// Two halves: when the younger one is full the older one is dropped and they change places, so a key that is in use
/// stays without any bookkeeping per use.
final class PatientKeyCache: Sendable {
    private struct State {
        var young: [PatientID: DataKey] = [:]
        var old: [PatientID: DataKey] = [:]
    }

    private let half: Int
    private let state = Mutex(State())

    init(limit: Int) {
        half = max(1, limit / 2)
    }

    subscript(patient: PatientID) -> DataKey? {
        state.withLock { state in
            if let key = state.young[patient] { return key }
            guard let key = state.old[patient] else { return nil }
            insert(key, patient, &state)
            return key
        }
    }

    func store(_ keys: [PatientID: DataKey]) {
        state.withLock { state in
            for (patient, key) in keys { insert(key, patient, &state) }
        }
    }

    func forget(_ patient: PatientID) {
        state.withLock { state in
            state.young[patient] = nil
            state.old[patient] = nil
        }
    }

    var count: Int { state.withLock { Set($0.young.keys).union($0.old.keys).count } }

    private func insert(_ key: DataKey, _ patient: PatientID, _ state: inout State) {
        if state.young.count >= half, state.young[patient] == nil {
            state.old = state.young
            state.young.removeAll(keepingCapacity: true)
        }
        state.young[patient] = key
    }
}
