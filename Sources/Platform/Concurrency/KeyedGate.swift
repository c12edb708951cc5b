import Synchronization

/// Limits how many callers of this process use one key at once; the others wait in order.
///
/// It saves work and avoids refusals. The database decides, also across processes.
package final class KeyedGate<Key: Hashable & Sendable>: Sendable {
    private struct Line {
        var inside = 0
        /// Callers waiting for a place inside.
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Callers waiting for a holder to leave; they need no place.
        var watching: [CheckedContinuation<Void, Never>] = []
    }

    private let width: Int
    private let queueLimit: Int
    /// Called when a caller has begun to wait; for tests.
    private let onWait: @Sendable () -> Void
    private let lines = Mutex<[Key: Line]>([:])

    /// - Parameters:
    ///   - width: callers that may be inside of one key.
    ///   - queueLimit: callers of one key that may wait for a place.
    package convenience init(width: Int = 1, queueLimit: Int = .max) {
        self.init(width: width, queueLimit: queueLimit) {}
    }

    init(width: Int = 1, queueLimit: Int = .max, onWait: @escaping @Sendable () -> Void) {
        self.width = width
        self.queueLimit = queueLimit
        self.onWait = onWait
    }

    /// Waits for a place; `false` when too many wait already. ``leave(_:)`` gives it back.
    package func enter(_ key: Key) async -> Bool {
        let entry = lines.withLock { lines -> Bool? in
            var line = lines[key] ?? Line()
            if line.inside < width, line.waiting.isEmpty {
                line.inside += 1
                lines[key] = line
                return true
            }
            return line.waiting.count < queueLimit ? nil : false
        }
        if let entry { return entry }
        await wait(key, inFront: false)
        return true
    }

    package func leave(_ key: Key) {
        let next = lines.withLock { lines -> [CheckedContinuation<Void, Never>] in
            guard var line = lines[key] else { return [] }
            line.inside -= 1
            let count = min(max(0, width - line.inside), line.waiting.count)
            let next = line.watching + line.waiting.prefix(count)
            line.watching = []
            line.waiting.removeFirst(count)
            line.inside += count
            lines[key] = line.inside == 0 ? nil : line
            return next
        }
        for caller in next { caller.resume() }
    }

    /// Gives the place back until another holder leaves, and waits in front of those that have not been inside; `false`,
    /// at once, when nobody else is inside.
    package func stepAside(_ key: Key) async -> Bool {
        let mayStep = lines.withLock { lines -> Bool in
            guard (lines[key]?.inside ?? 0) > 1 else { return false }
            lines[key]?.inside -= 1
            return true
        }
        if mayStep { await wait(key, inFront: true) }
        return mayStep
    }

    /// Runs `body` at once, as the holder, when nobody is inside: it is told `true`. Otherwise it runs when a holder has
    /// left, at the same time as all others that waited for that, and without a place.
    package func run<Value>(at key: Key, _ body: (_ isFirst: Bool) async throws -> Value) async rethrows -> Value {
        guard enterFirst(key) else {
            await watch(key)
            return try await body(false)
        }
        defer { leave(key) }
        return try await body(true)
    }

    private func enterFirst(_ key: Key) -> Bool {
        lines.withLock { lines in
            guard lines[key] == nil else { return false }
            lines[key] = Line(inside: 1)
            return true
        }
    }

    private func watch(_ key: Key) async {
        await withCheckedContinuation { caller in
            let isOver = lines.withLock { lines in
                lines[key]?.watching.append(caller)
                return lines[key] == nil
            }
            if isOver { caller.resume() } else { onWait() }
        }
    }

    private func wait(_ key: Key, inFront: Bool) async {
        await withCheckedContinuation { caller in
            let isFree = lines.withLock { lines -> Bool in
                var line = lines[key] ?? Line()
                // A place became free since the look: nobody would call us later if nobody is inside.
                let isFree = inFront ? line.inside == 0 : line.inside < width && line.waiting.isEmpty
                if isFree {
                    line.inside += 1
                } else {
                    line.waiting.insert(caller, at: inFront ? 0 : line.waiting.count)
                }
                lines[key] = line
                return isFree
            }
            if isFree { caller.resume() } else { onWait() }
        }
    }
}
