import Synchronization

/// Recently used values, bounded, in two generations: when the young one is full it becomes the old one, and values not
/// used since are dropped. Values in use stay, without bookkeeping per use.
package struct GenerationCache<Key: Hashable, Value> {
    private let half: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]
    private let keepsDropped: Bool
    private var dropped: [Value] = []

    /// - Parameters:
    ///   - limit: the most values kept; at least half of them are the ones used last.
    ///   - keepsDropped: whether values that made room for others wait for ``takeDropped()``.
    package init(limit: Int, keepsDropped: Bool = false) {
        half = max(1, limit / 2)
        self.keepsDropped = keepsDropped
    }

    /// The values that made room for others since they were last taken.
    package mutating func takeDropped() -> [Value] {
        defer { dropped = [] }
        return dropped
    }

    package var count: Int { young.count + old.count }

    /// Every value, in no order.
    package var values: [Value] { Array(young.values) + Array(old.values) }

    /// The value, which counts as used by that.
    package mutating func use(_ key: Key) -> Value? {
        if let value = young[key] { return value }
        guard let value = old.removeValue(forKey: key) else { return nil }
        insertNew(value, for: key)
        return value
    }

    package mutating func insert(_ value: Value, for key: Key) {
        guard young[key] == nil else {
            young[key] = value
            return
        }
        old[key] = nil
        insertNew(value, for: key)
    }

    @discardableResult
    package mutating func remove(_ key: Key) -> Value? {
        let older = old.removeValue(forKey: key)
        return young.removeValue(forKey: key) ?? older
    }

    package mutating func removeAll() {
        young = [:]
        old = [:]
    }

    private mutating func insertNew(_ value: Value, for key: Key) {
        if young.count >= half {
            if keepsDropped { dropped += old.values }
            old = young
            young = [:]
        }
        young[key] = value
    }
}

extension GenerationCache: Sendable where Key: Sendable, Value: Sendable {}

/// A ``GenerationCache`` that callers of all threads share.
package final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let generations: Mutex<GenerationCache<Key, Value>>

    /// - Parameter limit: the most values kept.
    package init(limit: Int) {
        generations = Mutex(GenerationCache(limit: limit))
    }

    package var count: Int { generations.withLock { $0.count } }

    /// The value, which counts as used by that.
    package subscript(key: Key) -> Value? { generations.withLock { $0.use(key) } }

    package func insert(_ value: Value, for key: Key) {
        generations.withLock { $0.insert(value, for: key) }
    }

    package func insert(_ values: [Key: Value]) {
        generations.withLock { for (key, value) in values { $0.insert(value, for: key) } }
    }

    package func remove(_ key: Key) {
        generations.withLock { _ = $0.remove(key) }
    }

    package func removeAll() {
        generations.withLock { $0.removeAll() }
    }
}
