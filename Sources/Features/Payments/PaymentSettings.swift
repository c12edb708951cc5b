import Cryptography
package import Razorpay
package import Settings

/// How a clinic is paid.
package struct PaymentSettings: Sendable {
    /// `nil` without one: nothing can be paid online.
    package var account: RazorpayAccount?
    /// Where money by UPI goes that by-passes the vendor, such as `clinic@bank`; `nil` for none.
    package var upiID: String?
    /// What links begin with, without a slash at its end.
    package var linkBase: String
    /// Whether mail can be sent; without it, no receipts and links are mailed.
    package var isMailAvailable = true

    package init(linkBase: String) {
        self.linkBase = linkBase
    }

    package init(reading reader: inout SettingsReader, isMailAvailable: Bool, linkBase: String) {
        self.linkBase = linkBase
        self.isMailAvailable = isMailAvailable
        upiID = reader.value(.upiID, default: nil, shown: "none") { try Self.upiID($0) }
        account = Self.account(&reader)
    }

    private static let vendor = "https://api.razorpay.com/v1"
    private static let vendorScript = "https://checkout.razorpay.com/v1/checkout.js"

    private static func account(_ reader: inout SettingsReader) -> RazorpayAccount? {
        let isProduction = reader.mode == .production
        let standard = isProduction ? "none" : "the stand-in's"
        let keyID = reader.value(.razorpayKeyID, default: "", shown: standard) {
            try Self.keyID($0, isProduction: isProduction)
        }
        let keySecret = reader.secret(.razorpayKeySecret, absent: standard, SettingValues.key)
        let webhookSecret = reader.secret(.razorpayWebhookSecret, absent: standard, SettingValues.key)
        let previous = reader.secret(.razorpayPreviousWebhookSecret, absent: "none", SettingValues.key)
        let baseURL = reader.value(
            .razorpayBaseURL, default: Self.vendor, shown: isProduction ? "the vendor's" : standard
        ) {
            try Self.baseURL($0, isProduction: isProduction)
        }
        let account: [Setting] = [.razorpayKeyID, .razorpayKeySecret, .razorpayWebhookSecret]
        let given = account.filter { reader.isGiven($0) }
        guard !given.isEmpty else {
            if reader.isGiven(.razorpayBaseURL) { reader.complain(.razorpayBaseURL, "needs an account; give its key") }
            return nil
        }
        for missing in account where !given.contains(missing) {
            reader.complain(missing, "is required with the other two")
        }
        return RazorpayAccount(
            keyID: keyID, keySecret: SecretBytes(Array((keySecret ?? "").utf8)),
            webhookSecrets: [webhookSecret, previous].compactMap { $0.map { SecretBytes(Array($0.utf8)) } },
            baseURL: baseURL,
            checkoutScript: baseURL == vendor ? vendorScript : baseURL + "/checkout.js")
    }

    private static func keyID(_ text: String, isProduction: Bool) throws -> String {
        let key = try SettingValues.key(text)
        guard !isProduction || !key.hasPrefix("rzp_test_StandIn") else {
            throw SettingError("belongs to the stand-in, which production refuses")
        }
        return key
    }

    private static func baseURL(_ text: String, isProduction: Bool) throws -> String {
        guard text.hasSuffix("/v1"), text.hasPrefix("https://") || (!isProduction && text.hasPrefix("http://")) else {
            throw SettingError("must be an https address that ends in /v1 (plain http in development only)")
        }
        return text
    }

    private static func upiID(_ text: String) throws -> String? {
        guard text.utf8.count <= 100, text.wholeMatch(of: /[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+/) != nil else {
            throw SettingError("must have the form name@handle, not '\(text)'")
        }
        return text
    }
}

extension Setting {
    static let razorpayKeyID = Setting(
        "CARESYNC_RAZORPAY_KEY_ID", "key id of the account at Razorpay (the built-in stand-in in development)")
    static let razorpayKeySecret = Setting("CARESYNC_RAZORPAY_KEY_SECRET", "secret of the key", isSecret: true)
    static let razorpayWebhookSecret = Setting(
        "CARESYNC_RAZORPAY_WEBHOOK_SECRET", "what Razorpay signs its events with", isSecret: true)
    static let razorpayPreviousWebhookSecret = Setting(
        "CARESYNC_RAZORPAY_PREVIOUS_WEBHOOK_SECRET", "the one before, for a day after a change", isSecret: true)
    static let razorpayBaseURL = Setting(
        "CARESYNC_RAZORPAY_BASE_URL", "address of Razorpay's API; ends in /v1 (https://api.razorpay.com/v1)")
    static let upiID = Setting(
        "CARESYNC_UPI_ID", "where payments by UPI go that by-pass Razorpay, as name@bank (none)")
}
