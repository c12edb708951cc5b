import CareSyncCore
import Mail
import Outbox
import Persistence

/// The mails that bring codes.
enum OneTimeCodeMails {
    /// - Parameter profiles: names the person behind an account; a mail to an address that is still to be registered
    ///   greets nobody, because its name is what a stranger has typed.
    static func kinds(
        _ codes: OneTimeCodes, _ profiles: AccountProfiles, _ settings: IdentitySettings
    ) -> [MailKind] {
        [
            MailKind(CodePurpose.verifyEmail.mailKind, verification) { item, db in
                try letter(item, codes, db) { _ in [:] }
            },
            MailKind(CodePurpose.resetPassword.mailKind, reset) { item, db in
                try letter(item, codes, db) { code in try known(code.email, profiles, db) }
            },
            MailKind(CodePurpose.resetLink.mailKind, link) { item, db in
                try letter(item, codes, db) { code in
                    var values = try known(code.email, profiles, db)
                    values?["link"] = "\(settings.linkBase)/reset-password?token=\(codes.token(seed: code.seed))"
                    values?["minutes"] = "\(settings.linkLifetime.seconds / 60)"
                    return values
                }
            },
            MailKind(CodePurpose.secondFactor.mailKind, secondFactor) { item, db in
                try letter(item, codes, db) { code in try known(code.email, profiles, db) }
            },
        ]
    }

    /// `nil` when the code counts no longer, or when `values` finds nobody to write to.
    private static func letter(
        _ item: OutboxItem, _ codes: OneTimeCodes, _ db: any Connection,
        values: (OneTimeCode) throws -> [String: String]?
    ) throws -> MailKind.MailDraft? {
        let now = db.scope.services.time.now
        let repository = OneTimeCodeRepository(db: db)
        guard let id = OneTimeCode.id(subject: item.subject), let code = try repository.find(id),
            let recipient = MailAddress(code.email), var values = try values(code),
            try code.expiresAt <= now || repository.isOpen(id, at: now)
        else { return nil }
        values["code"] = codes.digits(of: code)
        return MailKind.MailDraft(to: recipient, values, validUntil: code.expiresAt)
    }

    /// `nil` when no active account has the address.
    private static func known(
        _ email: String, _ profiles: AccountProfiles, _ db: any Connection
    ) throws -> [String: String]? {
        guard let email = EmailAddress(email), let account = try AccountRepository(db: db).find(withEmail: email),
            account.isActive
        else { return nil }
        return ["name": try AccountMails.name(of: account, profiles, db)]
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
            Hello {{name}},

            your code to set a new CareSync password is

                {{code}}

            It is valid for 10 minutes. If you did not ask for it, ignore this mail: your password stays as it is.
            Nobody from CareSync will ever ask you for a code.

            """,
        html: """
            <p>Hello {{name}},</p>
            <p>your code to set a new CareSync password is</p>
            <p style="font-size: 28px; letter-spacing: 4px"><b>{{code}}</b></p>
            <p>It is valid for 10 minutes. If you did not ask for it, ignore this mail: your password stays as it is.
            Nobody from CareSync will ever ask you for a code.</p>
            """)

    private static let link = MailTemplate(
        subject: "Set a new CareSync password",
        text: """
            Hello {{name}},

            this link sets a new CareSync password:

            {{link}}

            It is valid for {{minutes}} minutes and works once. If you did not ask for it, ignore this mail: your password
            stays as it is.

            """,
        html: """
            <p>Hello {{name}},</p>
            <p><a href="{{link}}">Set a new CareSync password</a></p>
            <p>If the link does not open, copy this address: {{link}}</p>
            <p>It is valid for {{minutes}} minutes and works once. If you did not ask for it, ignore this mail: your password
            stays as it is.</p>
            """)

    private static let secondFactor = MailTemplate(
        subject: "Your CareSync sign-in code",
        text: """
            Hello {{name}},

            your code to sign in to CareSync is

                {{code}}

            It is valid for 10 minutes. If you are not signing in right now, somebody knows your password: change it.
            Nobody from CareSync will ever ask you for a code.

            """,
        html: """
            <p>Hello {{name}},</p>
            <p>your code to sign in to CareSync is</p>
            <p style="font-size: 28px; letter-spacing: 4px"><b>{{code}}</b></p>
            <p>It is valid for 10 minutes. If you are not signing in right now, somebody knows your password: change it.
            Nobody from CareSync will ever ask you for a code.</p>
            """)
}
