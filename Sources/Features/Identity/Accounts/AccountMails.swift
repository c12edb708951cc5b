import CareSyncCore
import Mail
import Persistence

/// Mails about an account, addressed to its owner at the time of sending.
enum AccountMails {
    private static let changedKind = MailName("password-changed")
    private static let resetKind = MailName("password-reset")
    private static let factorOnKind = MailName("second-factor-on")
    private static let factorOffKind = MailName("second-factor-off")
    private static let codesKind = MailName("recovery-codes-renewed")

    static func passwordChanged(_ user: UserID, at now: Instant) -> MailOrder {
        notice(changedKind, user, at: now)
    }

    static func passwordReset(_ user: UserID, at now: Instant) -> MailOrder {
        notice(resetKind, user, at: now)
    }

    /// A second factor was set up or replaced.
    static func factorEnrolled(_ user: UserID, at now: Instant) -> MailOrder {
        notice(factorOnKind, user, at: now)
    }

    static func factorRemoved(_ user: UserID, at now: Instant) -> MailOrder {
        notice(factorOffKind, user, at: now)
    }

    /// New recovery codes exist; each of them signs in like the factor does.
    static func codesRenewed(_ user: UserID, at now: Instant) -> MailOrder {
        notice(codesKind, user, at: now)
    }

    /// Every change has a mail of its own.
    private static func notice(_ name: MailName, _ user: UserID, at now: Instant) -> MailOrder {
        MailOrder(name, about: "account/\(user)", moment: now, to: user)
    }

    static func kinds(_ profiles: AccountProfiles, zone: ClinicZone) -> [MailKind] {
        [
            (changedKind, changed), (resetKind, reset), (factorOnKind, factorOn), (factorOffKind, factorOff),
            (codesKind, codes),
        ].map { name, template in
            MailKind(name, template) { order, db in
                guard let id = order.recipient, let moment = order.moment,
                    let account = try AccountRepository(db: db).find(id), let address = MailAddress(account.email)
                else { return nil }
                return MailKind.MailDraft(
                    to: address,
                    ["greeting": try profiles.greeting(of: account, db), "time": zone.mailText(moment)])
            }
        }
    }

    private static let factorOn = MailTemplate(
        subject: "A second factor was set up for your CareSync account",
        text: """
            {{greeting}}

            a second factor was set up for your CareSync account on {{time}}. Every other session has ended, and signing in
            takes a code beside the password from now on. Recovery codes of an earlier factor are void.

            If this was not you, tell your clinic at once.

            """,
        html: """
            <p>{{greeting}}</p>
            <p>a second factor was set up for your CareSync account on {{time}}. Every other session has ended, and signing in
            takes a code beside the password from now on. Recovery codes of an earlier factor are void.</p>
            <p>If this was not you, tell your clinic at once.</p>
            """)

    private static let factorOff = MailTemplate(
        subject: "The second factor of your CareSync account was switched off",
        text: """
            {{greeting}}

            the second factor of your CareSync account was switched off on {{time}}. The password alone signs in now.

            If this was not you, change your password and tell your clinic at once.

            """,
        html: """
            <p>{{greeting}}</p>
            <p>the second factor of your CareSync account was switched off on {{time}}. The password alone signs in now.</p>
            <p>If this was not you, change your password and tell your clinic at once.</p>
            """)

    private static let codes = MailTemplate(
        subject: "New recovery codes of your CareSync account",
        text: """
            {{greeting}}

            new recovery codes were made for your CareSync account on {{time}}. Those from before are void.

            If this was not you, change your password and tell your clinic at once.

            """,
        html: """
            <p>{{greeting}}</p>
            <p>new recovery codes were made for your CareSync account on {{time}}. Those from before are void.</p>
            <p>If this was not you, change your password and tell your clinic at once.</p>
            """)

    private static let changed = MailTemplate(
        subject: "Your CareSync password was changed",
        text: """
            {{greeting}}

            the password of your CareSync account was changed on {{time}}. Every other session has ended.

            If this was not you, set a new password with "Forgot password" on the sign-in page and tell your clinic.

            """,
        html: """
            <p>{{greeting}}</p>
            <p>the password of your CareSync account was changed on {{time}}. Every other session has ended.</p>
            <p>If this was not you, set a new password with "Forgot password" on the sign-in page and tell your clinic.</p>
            """)

    private static let reset = MailTemplate(
        subject: "Your CareSync password was reset",
        text: """
            {{greeting}}

            a new password was set for your CareSync account on {{time}}, by somebody who reads this mailbox. Every session
            has ended.

            If this was not you, somebody else reads your mail: change the password of your mailbox, then set a new one with
            "Forgot password" on the sign-in page, and tell your clinic.

            """,
        html: """
            <p>{{greeting}}</p>
            <p>a new password was set for your CareSync account on {{time}}, by somebody who reads this mailbox. Every
            session has ended.</p>
            <p>If this was not you, somebody else reads your mail: change the password of your mailbox, then set a new one
            with "Forgot password" on the sign-in page, and tell your clinic.</p>
            """)
}
