import CareSyncCore
import Crypto
import CryptoExtras

/// Names for rows that tell nothing about their ids: one AES block over the id and eight zero bytes, so that a name turns
/// back into its id, and a made-up one does not.
package struct OpaqueIDs: Sendable {
    private static let blockCount = 16
    private let key: SecretBytes

    /// - Parameter key: 32 bytes, for one kind of row only.
    package init(_ key: SecretBytes) {
        self.key = key
    }

    /// 32 hexadecimal digits.
    package func name(of id: Int64) throws -> String {
        var block = [UInt8](repeating: 0, count: 8)
        withUnsafeBytes(of: id.bigEndian) { block.append(contentsOf: $0) }
        try AES.permute(&block, key: key.key)
        return Hex.text(block)
    }

    /// `nil` for what ``name(of:)`` has not made.
    package func id(of name: String) throws -> Int64? {
        let digits = name.utf8.compactMap { Self.value(of: $0) }
        guard name.utf8.count == 2 * Self.blockCount, digits.count == 2 * Self.blockCount else { return nil }
        var block = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        try AES.inversePermute(&block, key: key.key)
        guard block.prefix(8).allSatisfy({ $0 == 0 }) else { return nil }
        return block.suffix(8).reduce(0) { $0 << 8 | Int64($1) }
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
