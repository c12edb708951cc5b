package import AuditTrail
import CareSyncCore
import Crypto
import Outbox
package import Persistence

extension DatabaseServices {
    /// Services with every part in place, under public keys.
    package static func testing(
        time: ManualTime = ManualTime(), random: SeededRandom = SeededRandom(seed: 1), events: EventHub = EventHub(),
        firstShard: Int = 0
    ) -> DatabaseServices {
        DatabaseServices(
            time: time.source, random: random.source, events: events, responseSealer: .testing,
            parts: [AuditLog.testing(firstShard: firstShard), OutboxSignal()])
    }
}

extension AuditLog {
    package static func testing(firstShard: Int = 0) -> AuditLog {
        AuditLog(firstShard: firstShard, authenticate: testCode)
    }

    /// The code of ``testing(firstShard:)``, for tests that check the chain.
    package static func testCode(_ bytes: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: SymmetricKey(data: testKey)))
    }
}

extension BlobSealer {
    package static let testing = BlobSealer { plaintext, context in
        let box = try AES.GCM.seal(plaintext, using: SymmetricKey(data: testKey), authenticating: context)
        return Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    } open: { sealed, context in
        let box = try AES.GCM.SealedBox(combined: sealed)
        return Array(try AES.GCM.open(box, using: SymmetricKey(data: testKey), authenticating: context))
    }
}

private let testKey = [UInt8](repeating: 7, count: 32)
