import CareSyncCore
import Mail
import Persistence

/// The mail to the address that an account no longer has. It greets nobody: the old address may never have been verified.
enum EmailChangeMail {
    private static let changed = MailName("email-changed")
    private static let prefix = "email-change/"

    static func order(_ change: EmailChangeID) -> MailOrder { MailOrder(changed, about: "\(prefix)\(change)") }

    static func kinds(zone: ClinicZone) -> [MailKind] {
        [
            MailKind(changed, template) { order, db in
                guard order.subject.hasPrefix(prefix),
                    let id = Int64(order.subject.dropFirst(prefix.count)).flatMap(EmailChangeID.init(checking:)),
                    let change = try EmailChangeRepository(db: db).find(id),
                    let recipient = MailAddress(change.oldEmail)
                else { return nil }
                return MailKind.MailDraft(to: recipient, ["time": zone.mailText(change.changedAt)])
            }
        ]
    }

    private static let template = MailTemplate(
        subject: "The e-mail address of your CareSync account was changed",
        text: """
            Hello,

            the e-mail address of your CareSync account was changed on {{time}}. Mails about the account go to the new address
            from now on; this one gets no more of them.

            If this was not you, tell your clinic at once.

            """,
        html: """
            <p>Hello,</p>
            <p>the e-mail address of your CareSync account was changed on {{time}}. Mails about the account go to the new
            address from now on; this one gets no more of them.</p>
            <p>If this was not you, tell your clinic at once.</p>
            """)
}
