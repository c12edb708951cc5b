import CareSyncCore
import Crypto
import Foundation
import Synchronization

/// The SHA-256 of a token, so that no token outlives its request in memory.
struct TokenDigest: Hashable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// `nil` for a token too long to be one of ours.
    init?(_ token: some StringProtocol) {
        guard token.utf8.count <= 4_096 else { return nil }
        var hash = SHA256()
        let hashed = token.utf8.withContiguousStorageIfAvailable { bytes in
            hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
            return true
        }
        if hashed == nil { hash.update(data: Array(token.utf8)) }
        words = hash.finalize().withUnsafeBytes { $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self) }
    }

    static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// The claims of tokens whose signature has been checked, in two generations: when the young one is full it becomes the
/// old one, and what was not asked for since is forgotten.
final class VerifiedTokens: Sendable {
    private struct Generations {
        var young: [TokenDigest: AccessClaims] = [:]
        var old: [TokenDigest: AccessClaims] = [:]
    }

    private let limit: Int
    private let generations = Mutex(Generations())

    /// - Parameter limit: the most tokens kept, in both generations together.
    init(limit: Int) {
        self.limit = max(1, limit / 2)
    }

    var count: Int { generations.withLock { $0.young.count + $0.old.count } }

    subscript(digest: TokenDigest) -> AccessClaims? {
        if let claims = generations.withLock({ $0.young[digest] }) { return claims }
        guard let claims = generations.withLock({ $0.old.removeValue(forKey: digest) }) else { return nil }
        insert(claims, for: digest)
        return claims
    }

    func insert(_ claims: AccessClaims, for digest: TokenDigest) {
        // What is dropped is released after the lock.
        let dropped = generations.withLock { generations -> [TokenDigest: AccessClaims] in
            var dropped: [TokenDigest: AccessClaims] = [:]
            if generations.young.count >= limit {
                dropped = generations.old
                generations.old = generations.young
                generations.young = [:]
            }
            generations.young[digest] = claims
            return dropped
        }
        withExtendedLifetime(dropped) {}
    }
}
