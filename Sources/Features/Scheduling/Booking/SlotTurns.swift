import CareSyncCore
import Synchronization

/// Lets one caller of this process at a time try for a slot. Of many who want the same one, the first writes and the
/// others, once it is done, look before they write: nearly all of them find the slot gone, which is cheap to find.
///
/// It only saves work. The database decides, also between processes.
final class SlotTurns: Sendable {
    typealias Key = BookingTurn

    /// Who waits for the caller that is at it.
    private let waiting = Mutex<[Key: [CheckedContinuation<Void, Never>]]>([:])

    /// Runs `body` at once for the first caller, with `true`, and for the others when that one is done.
    func run<Value>(at key: Key, _ body: (_ isFirst: Bool) async throws -> Value) async rethrows -> Value {
        guard enter(key) else {
            await withCheckedContinuation { caller in
                let isOver = waiting.withLock { waiting in
                    waiting[key]?.append(caller)
                    return waiting[key] == nil
                }
                if isOver { caller.resume() }
            }
            return try await body(false)
        }
        defer { leave(key) }
        return try await body(true)
    }

    private func enter(_ key: Key) -> Bool {
        waiting.withLock { waiting in
            guard waiting[key] == nil else { return false }
            waiting[key] = []
            return true
        }
    }

    private func leave(_ key: Key) {
        for caller in waiting.withLock({ $0.removeValue(forKey: key) }) ?? [] { caller.resume() }
    }
}
