import CareSyncCore
import Mail
import Persistence

/// The mails about payments. They tell sums, and nothing of what for.
enum PaymentMails {
    static let returned = MailName("payment-returned")

    static let kinds = [
        MailKind(returned, returnedTemplate) { order, db in
            guard let id = payment(of: order.subject) else { return nil }
            let found: Noticed? = try db.first(
                """
                SELECT y.transaction_id, y.amount, u.email FROM payments y JOIN users u ON u.id = y.patient_id
                WHERE y.id = \(id) AND u.is_active
                """)
            guard let found, let address = MailAddress(found.email) else { return nil }
            return MailKind.MailDraft(
                to: address, ["amount": "\(found.amount)", "transaction": found.transactionID])
        }
    ]

    static func subject(_ id: PaymentID) -> String { "payment/\(id)" }

    private static func payment(of subject: String) -> PaymentID? {
        guard subject.hasPrefix("payment/") else { return nil }
        return Int64(subject.dropFirst("payment/".count)).flatMap(PaymentID.init(checking:))
    }

    private struct Noticed: RowDecodable {
        let transactionID: String
        let amount: Money
        let email: String

        init(row: Row) throws {
            transactionID = try row.value("transaction_id")
            amount = try row.value("amount")
            email = try row.value("email")
        }
    }

    private static let returnedTemplate = MailTemplate(
        subject: "Your payment of INR {{amount}} goes back to you",
        text: """
            Hello,

            your payment of INR {{amount}} ({{transaction}}) has arrived, but what it was for had ended or been paid before.

            All of it goes back the way it came. Banks take up to seven working days.

            """,
        html: """
            <p>Hello,</p>
            <p>your payment of INR {{amount}} ({{transaction}}) has arrived, but what it was for had ended or been paid \
            before.</p>
            <p>All of it goes back the way it came. Banks take up to seven working days.</p>
            """)
}
