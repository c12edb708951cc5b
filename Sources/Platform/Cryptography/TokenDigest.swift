import Crypto
import Foundation

/// The SHA-256 of a token, so that no token outlives its request in memory.
struct TokenDigest: Hashable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// `nil` for a token too long to be genuine.
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
