import CareSyncCore
import Identity
import Mail
import Persistence

/// Tells a patient that a receipt is there. It says how much and where, and nothing of what was paid for.
enum ReceiptMail {
    private static let name = MailName("payment-receipt")
    private static let prefix = "payment/"

    static func order(_ payment: PaymentID) -> MailOrder { MailOrder(name, about: "\(prefix)\(payment)") }

    /// - Parameter linkBase: where people reach CareSync.
    static func kind(linkBase: String) -> MailKind {
        MailKind(name, template) { order, db in
            guard order.subject.hasPrefix(prefix),
                let id = Int64(order.subject.dropFirst(prefix.count)).flatMap(PaymentID.init(checking:)),
                let payment = try PaymentRepository(db: db).find(id), let number = payment.receiptNumber,
                let account = try IdentityFeature.account(UserID(payment.patientID), db: db), account.isActive,
                let address = MailAddress(account.email)
            else { return nil }
            return MailKind.MailDraft(
                to: address,
                [
                    "number": ReceiptNumber.text(number), "amount": "\(payment.amount)", "address": linkBase,
                    "transaction": payment.transactionID,
                ])
        }
    }

    private static let template = MailTemplate(
        subject: "Your receipt {{number}}",
        text: """
            Hello,

            thank you. We have received INR {{amount}}; your receipt has the number {{number}}.

            Sign in to CareSync at {{address}} to see or print it. The transaction is {{transaction}}.

            """,
        html: """
            <p>Hello,</p>
            <p>thank you. We have received INR {{amount}}; your receipt has the number {{number}}.</p>
            <p>Sign in to CareSync at {{address}} to see or print it. The transaction is {{transaction}}.</p>
            """)
}

/// How a receipt's number is written.
enum ReceiptNumber {
    /// Such as `CS-000042`.
    static func text(_ number: Int64) -> String {
        let digits = String(number)
        return "CS-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }
}
