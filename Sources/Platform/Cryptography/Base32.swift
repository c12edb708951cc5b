import COath
import Foundation

/// Base32 text (RFC 4648, capital letters), as authenticator apps and people read it.
package enum Base32 {
    /// Without padding.
    package static func text(_ bytes: [UInt8]) -> String {
        var text: UnsafeMutablePointer<CChar>?
        var count = 0
        let status = bytes.withUnsafeBytes { input in
            oath_base32_encode(input.baseAddress?.assumingMemoryBound(to: CChar.self), input.count, &text, &count)
        }
        guard status == OATH_OK.rawValue, let text else { return "" }
        defer { free(text) }
        let symbols = UnsafeRawBufferPointer(start: text, count: count)
        return String(decoding: symbols.filter { $0 != UInt8(ascii: "=") }, as: UTF8.self)
    }
}
