package import CareSyncCore
import Concurrency
import Synchronization

/// What is left of a quota after a request drew on it.
package struct QuotaState: Sendable, Equatable {
    package let isAdmitted: Bool
    /// Whole requests that are left.
    package let remaining: Int64
    /// Whole seconds, rounded up: until the next request when this one is refused, else until the quota is whole again.
    package let seconds: Int64
}

/// Whose quota it is: of an account or an address, in a class of requests.
package struct QuotaKey: Hashable, Sendable {
    package enum Client: Hashable, Sendable {
        case account(UserID)
        /// As ``CareSyncCore/IPAddress/network`` names it.
        case network(String)
    }

    package let kind: RateClass
    package let client: Client

    package init(kind: RateClass, client: Client) {
        self.kind = kind
        self.client = client
    }
}

/// Keeps quotas. One in memory counts for its node; one that nodes share counts for all of them.
package protocol QuotaStore: Sendable {
    /// Draws `cost` requests from the quota of a key, or nothing when there is less; the key names class and client.
    func take(_ cost: Int64, of quota: Quota, for key: QuotaKey, at now: Instant) async -> QuotaState
    /// Draws `cost` requests, also when there is less: then the key owes the rest, at most a whole quota.
    func charge(_ cost: Int64, to quota: Quota, for key: QuotaKey, at now: Instant) async
    /// Puts back what was drawn for a request that was refused for another reason.
    func giveBack(_ cost: Int64, to quota: Quota, for key: QuotaKey, at now: Instant) async
}

/// Quotas of this node, in bounded memory.
///
/// A client is one number: the moment at which its quota is whole again (the generic cell rate algorithm). Clients are
/// spread over shards with a lock each, held for one look-up. A shard remembers the last 4,096 of its clients; one that
/// is forgotten begins with a whole quota. So some 260,000 clients cost at most 10 MB, and clients beyond that do not lock
/// anybody out.
package final class MemoryQuotas: QuotaStore {
    private static let shardCount = 64
    private typealias Shard = GenerationCache<Int, Int64>

    private final class Guarded: Sendable {
        let shard = Mutex(Shard(limit: 4_096))
    }

    /// The keys are hashes. Their seed is new in each process, so nobody can make two clients collide on purpose.
    private let shards = (0..<MemoryQuotas.shardCount).map { _ in Guarded() }

    package init() {}

    package func take(_ cost: Int64, of quota: Quota, for key: QuotaKey, at now: Instant) -> QuotaState {
        let now = now.microseconds
        let (interval, window) = (quota.interval, quota.window.microseconds)
        let key = key.hashValue
        return shards[Self.index(key)].shard.withLock { shard in
            let whole = Self.whole(key, window, now, in: &shard)
            let next = whole + cost * interval
            let isAdmitted = next - now <= window
            shard.insert(isAdmitted ? next : whole, for: key)
            guard isAdmitted else {
                return QuotaState(isAdmitted: false, remaining: 0, seconds: Self.seconds(next - now - window))
            }
            return QuotaState(
                isAdmitted: true, remaining: (window - (next - now)) / interval, seconds: Self.seconds(next - now))
        }
    }

    package func charge(_ cost: Int64, to quota: Quota, for key: QuotaKey, at now: Instant) {
        let (now, window) = (now.microseconds, quota.window.microseconds)
        let key = key.hashValue
        shards[Self.index(key)].shard.withLock { shard in
            let whole = Self.whole(key, window, now, in: &shard)
            shard.insert(min(whole + cost * quota.interval, now + 2 * window), for: key)
        }
    }

    package func giveBack(_ cost: Int64, to quota: Quota, for key: QuotaKey, at now: Instant) {
        let key = key.hashValue
        shards[Self.index(key)].shard.withLock { shard in
            if let whole = shard.use(key) { shard.insert(whole - cost * quota.interval, for: key) }
        }
    }

    /// For tests: how many clients are remembered.
    var count: Int { shards.reduce(0) { $0 + $1.shard.withLock { $0.count } } }

    private static func index(_ key: Int) -> Int { key & (shardCount - 1) }

    /// When the quota is whole again. A key owes a whole quota at most, so what lies further ahead is left by a clock that
    /// was set back since, which must not make anybody wait longer than a window.
    private static func whole(_ key: Int, _ window: Int64, _ now: Int64, in shard: inout Shard) -> Int64 {
        let whole = max(shard.use(key) ?? now, now)
        return whole > now + 2 * window ? now + window : whole
    }

    private static func seconds(_ microseconds: Int64) -> Int64 { max(1, (microseconds + 999_999) / 1_000_000) }
}
