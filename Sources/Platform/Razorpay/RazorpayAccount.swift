package import Cryptography

/// The account at the vendor.
package struct RazorpayAccount: Sendable {
    /// The only one of these that a browser may see.
    package let keyID: String
    package let keySecret: SecretBytes
    /// Current, and previous.
    package let webhookSecrets: [SecretBytes]
    /// Ends in `/v1`.
    package let baseURL: String
    /// The script that opens the checkout.
    package let checkoutScript: String

    package init(
        keyID: String, keySecret: SecretBytes, webhookSecrets: [SecretBytes], baseURL: String, checkoutScript: String
    ) {
        self.keyID = keyID
        self.keySecret = keySecret
        self.webhookSecrets = webhookSecrets
        self.baseURL = baseURL
        self.checkoutScript = checkoutScript
    }

    package var signatures: RazorpaySignatures {
        RazorpaySignatures(keySecret: keySecret, webhookSecrets: webhookSecrets)
    }
}

/// Why the vendor did not do what it was asked.
package enum RazorpayFailure: Error, Sendable, Equatable {
    /// Ten calls are under way already, and none ended in time. Nothing was sent.
    case busy
    /// No answer, or none that can be read. `mayHaveArrived` tells whether it may have taken effect.
    case unavailable(mayHaveArrived: Bool)
    /// The vendor said no.
    ///
    /// - Parameter text: of the vendor; for the log, without what was sent.
    case refused(status: Int, code: String, text: String)
}
