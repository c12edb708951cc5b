import CareSyncCore
import Identity
import Mail
import Persistence

/// The mails that tell doctors that they were verified, or no longer are.
enum VerificationMail {
    private static let verifiedKind = MailName("doctor-verified")
    private static let withdrawnKind = MailName("doctor-unverified")

    /// Every change has a mail of its own.
    static func order(_ doctor: DoctorID, _ isVerified: Bool, at now: Instant) -> MailOrder {
        MailOrder(
            isVerified ? verifiedKind : withdrawnKind, about: "doctor/\(doctor)", moment: now, to: UserID(doctor))
    }

    static func kinds(_ profiles: AccountProfiles) -> [MailKind] {
        [(verifiedKind, verified, true), (withdrawnKind, withdrawn, false)].map { name, template, state in
            MailKind(name, template) { order, db in
                guard let id = order.recipient,
                    // Another change since then has a mail of its own.
                    try isVerified(id, db) == state, let account = try IdentityFeature.account(id, db: db),
                    let address = MailAddress(account.email)
                else { return nil }
                return MailKind.MailDraft(to: address, ["greeting": try profiles.greeting(of: account, db)])
            }
        }
    }

    private static func isVerified(_ doctor: UserID, _ db: any Connection) throws -> Bool? {
        try db.value("SELECT is_verified FROM doctors WHERE id = \(doctor)")
    }

    private static let verified = MailTemplate(
        subject: "The clinic has verified your CareSync account",
        text: """
            {{greeting}}

            the clinic has verified your CareSync account. Patients find you now, and can book your free slots.

            """,
        html: """
            <p>{{greeting}}</p>
            <p>the clinic has verified your CareSync account. Patients find you now, and can book your free slots.</p>
            """)

    private static let withdrawn = MailTemplate(
        subject: "Your CareSync account is no longer verified",
        text: """
            {{greeting}}

            the clinic has withdrawn the verification of your CareSync account. Until it is verified again, patients cannot
            book you and you do not see theirs. If you do not know why, ask the clinic.

            """,
        html: """
            <p>{{greeting}}</p>
            <p>the clinic has withdrawn the verification of your CareSync account. Until it is verified again, patients cannot
            book you and you do not see theirs. If you do not know why, ask the clinic.</p>
            """)
}
