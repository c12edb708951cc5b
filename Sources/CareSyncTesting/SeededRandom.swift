package import CareSyncCore
import Synchronization

/// Random numbers that a seed repeats (SplitMix64). A test shows its seed when it fails.
package final class SeededRandom: Sendable {
    package let seed: UInt64
    private let state: Mutex<UInt64>

    package init(seed: UInt64) {
        self.seed = seed
        state = Mutex(seed)
    }

    package var source: RandomSource {
        RandomSource { count in
            (0..<count).map { _ in UInt8(truncatingIfNeeded: self.next()) }
        }
    }

    package func next() -> UInt64 {
        let mixed = state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            return state
        }
        let first = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        let second = (first ^ (first >> 27)) &* 0x94D0_49BB_1331_11EB
        return second ^ (second >> 31)
    }

    /// A number below `bound`, which is at least 1.
    package func below(_ bound: Int) -> Int {
        Int(next() % UInt64(bound))
    }
}
