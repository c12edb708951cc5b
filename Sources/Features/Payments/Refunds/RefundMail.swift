import CareSyncCore
import Identity
import Mail
import Persistence

/// Tells a patient that money is on its way back. It says how much and why, and nothing of what was paid for.
enum RefundMail {
    private static let begun = MailName("refund-begun")

    static func order(_ refund: Int64) -> MailOrder {
        MailOrder(begun, about: "refund/\(refund)")
    }

    static let kinds = [
        MailKind(begun, template) { order, db in
            guard let id = Int64(order.subject.dropFirst("refund/".count)),
                let found: Told = try db.first(
                    "SELECT patient_id, amount, reason FROM refunds WHERE id = \(id) AND patient_id IS NOT NULL"),
                let account = try IdentityFeature.account(UserID(found.patient), db: db),
                let address = MailAddress(account.email)
            else { return nil }
            return MailKind.MailDraft(
                to: address,
                ["amount": "\(found.amount)", "why": sentence(RefundReason(rawValue: found.reason))])
        }
    ]

    private struct Told: RowDecodable {
        let patient: PatientID
        let amount: Money
        let reason: String

        init(row: Row) throws {
            patient = try row.value("patient_id")
            amount = try row.value("amount")
            reason = try row.value("reason")
        }
    }

    private static func sentence(_ reason: RefundReason?) -> String {
        switch reason {
        case .endedByPatient:
            "You have cancelled what you had paid for. This is what the terms of cancellation give back."
        case .endedByClinic: "What you had paid for was cancelled by the clinic."
        case .unclaimed: "You have paid for something that was not booked within a day."
        case .admin, .vendor, nil: "The clinic gives it back."
        }
    }

    private static let template = MailTemplate(
        subject: "Your refund of INR {{amount}}",
        text: """
            Hello,

            INR {{amount}} are on their way back to you. {{why}}

            They go where they came from; a bank may take some working days.

            """,
        html: """
            <p>Hello,</p>
            <p>INR {{amount}} are on their way back to you. {{why}}</p>
            <p>They go where they came from; a bank may take some working days.</p>
            """)
}
