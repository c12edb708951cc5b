import CareSyncCore
import Mail
import Persistence

/// The mails that bring codes.
enum OneTimeCodeMails {
    /// - Parameter profiles: names the person behind an account; a mail to an address that is still to be registered
    ///   greets nobody, because its name is what a stranger has typed.
    static func kinds(
        _ codes: OneTimeCodes, _ profiles: AccountProfiles, _ settings: IdentitySettings
    ) -> [MailKind] {
        [
            MailKind(CodePurpose.verifyEmail.mailName, verification) { order, db in
                try letter(order, codes, db) { code in (code.email, [:]) }
            },
            MailKind(CodePurpose.resetPassword.mailName, reset) { order, db in
                try letter(order, codes, db) { code in try owner(of: code, profiles, db) }
            },
            MailKind(CodePurpose.resetLink.mailName, link) { order, db in
                try letter(order, codes, db) { code in
                    var draft = try owner(of: code, profiles, db)
                    draft?.values["link"] = "\(settings.linkBase)/reset-password?token=\(codes.token(seed: code.seed))"
                    draft?.values["minutes"] = "\(settings.linkLifetime.seconds / 60)"
                    return draft
                }
            },
            MailKind(CodePurpose.secondFactor.mailName, secondFactor) { order, db in
                try letter(order, codes, db) { code in try owner(of: code, profiles, db) }
            },
        ]
    }

    private typealias Recipient = (address: String, values: [String: String])

    /// `nil` when the code counts no longer, or when `recipient` finds nobody to write to.
    private static func letter(
        _ order: MailOrder, _ codes: OneTimeCodes, _ db: any Connection,
        recipient: (OneTimeCode) throws -> Recipient?
    ) throws -> MailKind.MailDraft? {
        let now = db.now
        let repository = OneTimeCodeRepository(db: db)
        guard let id = OneTimeCode.id(subject: order.subject), let code = try repository.find(id),
            let found = try recipient(code), let address = MailAddress(found.address),
            try code.expiresAt <= now || repository.isOpen(id, at: now)
        else { return nil }
        var values = found.values
        values["code"] = codes.digits(of: code)
        return MailKind.MailDraft(to: address, values, validUntil: code.expiresAt)
    }

    /// The account of the code's address, at the address the account has: what was typed may be another mailbox. `nil` when
    /// no active account has it.
    private static func owner(
        of code: OneTimeCode, _ profiles: AccountProfiles, _ db: any Connection
    ) throws -> Recipient? {
        guard let email = EmailAddress(code.email), let account = try AccountRepository(db: db).find(withEmail: email),
            account.isActive
        else { return nil }
        return (account.email, ["greeting": try profiles.greeting(of: account, db)])
    }

    private static let verification = MailTemplate(
        subject: "Your CareSync verification code",
        text: """
            Hello,

            your code to verify this e-mail address with CareSync is

                {{code}}

            It is valid for 10 minutes. If you did not ask for it, ignore this mail: without the code nothing happens.
            Nobody from CareSync will ever ask you for a code.

            """,
        html: """
            <p>Hello,</p>
            <p>your code to verify this e-mail address with CareSync is</p>
            <p style="font-size: 28px; letter-spacing: 4px"><b>{{code}}</b></p>
            <p>It is valid for 10 minutes. If you did not ask for it, ignore this mail: without the code nothing happens.
            Nobody from CareSync will ever ask you for a code.</p>
            """)

    private static let reset = MailTemplate(
        subject: "Your CareSync password reset code",
        text: """
            {{greeting}}

            your code to set a new CareSync password is

                {{code}}

            It is valid for 10 minutes. If you did not ask for it, ignore this mail: your password stays as it is.
            Nobody from CareSync will ever ask you for a code.

            """,
        html: """
            <p>{{greeting}}</p>
            <p>your code to set a new CareSync password is</p>
            <p style="font-size: 28px; letter-spacing: 4px"><b>{{code}}</b></p>
            <p>It is valid for 10 minutes. If you did not ask for it, ignore this mail: your password stays as it is.
            Nobody from CareSync will ever ask you for a code.</p>
            """)

    private static let link = MailTemplate(
        subject: "Set a new CareSync password",
        text: """
            {{greeting}}

            this link sets a new CareSync password:

            {{link}}

            It is valid for {{minutes}} minutes and works once. If you did not ask for it, ignore this mail: your password
            stays as it is.

            """,
        html: """
            <p>{{greeting}}</p>
            <p><a href="{{link}}">Set a new CareSync password</a></p>
            <p>If the link does not open, copy this address: {{link}}</p>
            <p>It is valid for {{minutes}} minutes and works once. If you did not ask for it, ignore this mail: your password
            stays as it is.</p>
            """)

    private static let secondFactor = MailTemplate(
        subject: "Your CareSync sign-in code",
        text: """
            {{greeting}}

            your code to sign in to CareSync is

                {{code}}

            It is valid for 10 minutes. If you are not signing in right now, somebody knows your password: change it.
            Nobody from CareSync will ever ask you for a code.

            """,
        html: """
            <p>{{greeting}}</p>
            <p>your code to sign in to CareSync is</p>
            <p style="font-size: 28px; letter-spacing: 4px"><b>{{code}}</b></p>
            <p>It is valid for 10 minutes. If you are not signing in right now, somebody knows your password: change it.
            Nobody from CareSync will ever ask you for a code.</p>
            """)
}
