package import CareSyncCore

/// The name of an object: 32 random hexadecimal digits, which tell nothing and collide with no other.
package struct ObjectName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let text: String

    package init(random: RandomSource) {
        text = Hex.text(random.bytes(16))
    }

    /// A name that was kept; `nil` when it is none of ours, such as a path.
    package init?(_ text: String) {
        guard text.utf8.count == 32, text.utf8.allSatisfy(Self.isDigit) else { return nil }
        self.text = text
    }

    package var description: String { text }

    /// By bytes, as stores list them.
    package static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}
