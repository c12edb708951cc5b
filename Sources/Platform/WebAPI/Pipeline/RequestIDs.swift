import CareSyncCore
import Synchronization

/// Names requests: the client's `X-Request-Id` if it is a harmless token, otherwise a random prefix of this process and
/// a counter.
final class RequestIDs: Sendable {
    private let prefix: String
    private let counter = Atomic<UInt64>(0)

    init(random: RandomSource) {
        prefix = Hex.text(random.bytes(6))
    }

    func name(_ offered: String?) -> String {
        if let offered, (8...64).contains(offered.utf8.count), offered.utf8.allSatisfy(Self.isHarmless) {
            return offered
        }
        return prefix + "-" + String(counter.add(1, ordering: .relaxed).newValue, radix: 36)
    }

    private static func isHarmless(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
