import CareSyncCore
package import Cryptography

/// The vendor's signatures: lower-case hexadecimal HMAC-SHA-256, compared in constant time.
package struct RazorpaySignatures: Sendable {
    private let keySecret: KeyedHash
    private let webhookSecrets: [KeyedHash]

    /// - Parameter webhookSecrets: the current one, and the one before while events signed with it may still come.
    package init(keySecret: SecretBytes, webhookSecrets: [SecretBytes]) {
        self.keySecret = KeyedHash(keySecret)
        self.webhookSecrets = webhookSecrets.map { KeyedHash($0) }
    }

    /// What the checkout hands to the page: that this payment of this order was authorised. Says nothing of its capture.
    package func isCheckoutValid(order: String, payment: String, signature: String) -> Bool {
        Self.isValid(signature, for: Array("\(order)|\(payment)".utf8), by: [keySecret])
    }

    /// Of a webhook's body, byte for byte as it came.
    package func isWebhookValid(_ signature: String, body: [UInt8]) -> Bool {
        Self.isValid(signature, for: body, by: webhookSecrets)
    }

    private static func isValid(_ signature: String, for bytes: [UInt8], by keys: [KeyedHash]) -> Bool {
        let given = Array(signature.utf8)
        var isValid = false
        for key in keys {
            isValid = constantTimeEquals(Array(Hex.text(key.code(for: bytes)).utf8), given) || isValid
        }
        return isValid
    }
}
