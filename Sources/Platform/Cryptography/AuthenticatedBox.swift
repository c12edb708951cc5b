import CareSyncCore
import Crypto
import Foundation

/// The one use of AES-256-GCM in this module: `header ‖ nonce 12 ‖ ciphertext ‖ tag 16`, where the header and the
/// caller's context are authenticated. A random nonce allows 2^32 boxes under one key.
enum AuthenticatedBox {
    static let overhead = 28

    static func seal(
        _ plaintext: [UInt8], header: [UInt8], key: SecretBytes, context: [UInt8], random: RandomSource
    ) throws -> [UInt8] {
        let box = try AES.GCM.seal(
            plaintext, using: key.key, nonce: AES.GCM.Nonce(data: random.bytes(12)), authenticating: header + context)
        var envelope = header
        envelope.reserveCapacity(header.count + overhead + plaintext.count)
        envelope.append(contentsOf: box.nonce)
        envelope.append(contentsOf: box.ciphertext)
        envelope.append(contentsOf: box.tag)
        return envelope
    }

    /// `nil` unless every byte is as it was sealed, under this key and context.
    static func open(_ envelope: [UInt8], headerCount: Int, key: SecretBytes, context: [UInt8]) -> [UInt8]? {
        guard envelope.count >= headerCount + overhead else { return nil }
        do {
            let box = try AES.GCM.SealedBox(combined: envelope[headerCount...])
            return Array(try AES.GCM.open(box, using: key.key, authenticating: envelope[..<headerCount] + context))
        } catch {
            return nil
        }
    }
}
