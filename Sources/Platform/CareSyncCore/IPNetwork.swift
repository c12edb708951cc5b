/// Addresses with a common prefix, such as `10.20.0.0/16`; without a prefix length, one address.
package struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    private let first: IPAddress
    /// How many bits the addresses share.
    private let prefix: Int

    /// `nil` when it is not a network, or when bits are set behind the prefix: the meaning would be unclear.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.map(String.init), let first = IPAddress(address) else { return nil }
        let bits = first.bytes.count * 8
        guard parts.count == 2 else {
            (self.first, prefix) = (first, bits)
            return
        }
        let digits = parts[1].utf8
        // The prefix of an IPv4-mapped address would count other bits than the address has.
        guard (1...3).contains(digits.count),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let prefix = Int(parts[1]), prefix <= bits, address.utf8.contains(UInt8(ascii: ":")) == (bits == 128),
            (prefix..<bits).allSatisfy({ !Self.bit($0, of: first.bytes) })
        else { return nil }
        (self.first, self.prefix) = (first, prefix)
    }

    package func contains(_ address: IPAddress) -> Bool {
        let (own, theirs) = (first.bytes, address.bytes)
        return own.count == theirs.count
            && (0..<prefix).allSatisfy { Self.bit($0, of: own) == Self.bit($0, of: theirs) }
    }

    package var description: String { "\(first)/\(prefix)" }

    private static func bit(_ index: Int, of bytes: [UInt8]) -> Bool {
        bytes[index / 8] & (0x80 >> UInt8(index % 8)) != 0
    }
}
