package import Razorpay
package import RazorpayStandIn

extension RazorpayAccount {
    /// The account at a stand-in that listens on this machine.
    package init(standIn keys: StandInKeys, port: Int) {
        let origin = "http://127.0.0.1:\(port)"
        self.init(
            keyID: keys.keyID, keySecret: keys.keySecret, webhookSecrets: [keys.webhookSecret],
            baseURL: origin + "/v1", checkoutScript: origin + "/v1/checkout.js")
    }
}
