import CareSyncCore
import Foundation

/// Where a payment that waits for its money can be paid without the vendor's checkout.
struct PaymentLinks: Sendable {
    let context: PaymentContext

    /// What an app for UPI opens; `nil` when the clinic has no UPI id of its own, and for what waits for no money.
    func paymentURL(of payment: Payment) -> String? {
        guard payment.status.isOpen, payment.amount > .zero, let upiID = context.settings.upiID else { return nil }
        let fields = [
            ("pa", upiID), ("pn", "CareSync"), ("am", "\(payment.amount)"), ("cu", "INR"),
            ("tn", "CareSync \(payment.transactionID)"), ("tr", payment.transactionID),
        ]
        return "upi://pay?" + fields.map { "\($0)=\(Self.escaped($1))" }.joined(separator: "&")
    }

    /// What a QR code of the payment says: the text for UPI, or else where it is paid; `nil` for what waits for no money.
    func qrText(of payment: Payment) -> String? {
        guard payment.status.isOpen, payment.amount > .zero else { return nil }
        return paymentURL(of: payment) ?? PayLinks(context.root, linkBase: context.settings.linkBase).link(payment)
    }

    /// `@` stays as it is: some apps for UPI read no other address.
    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
    }

    private static let allowed = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@")
}
