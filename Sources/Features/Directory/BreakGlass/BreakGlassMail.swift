import CareSyncCore
import Identity
import Mail
import Persistence

/// The mail that tells a patient of a grant. The reason is health data and stays out of it.
enum BreakGlassMail {
    private static let opened = MailName("break-glass-opened")

    static func order(_ grant: BreakGlassID) -> MailOrder { MailOrder(opened, about: "\(prefix)\(grant)") }

    private static let prefix = "break-glass/"

    static func kinds(_ profiles: AccountProfiles, zone: ClinicZone) -> [MailKind] {
        [
            MailKind(opened, template) { order, db in
                guard order.subject.hasPrefix(prefix),
                    let id = Int64(order.subject.dropFirst(prefix.count)).flatMap(BreakGlassID.init(checking:)),
                    let grant = try BreakGlassRepository(db: db).find(id),
                    let patient = try IdentityFeature.account(UserID(grant.patientID), db: db),
                    let user = try IdentityFeature.account(grant.userID, db: db),
                    let recipient = MailAddress(patient.email)
                else { return nil }
                return MailKind.MailDraft(
                    to: recipient,
                    [
                        "greeting": try profiles.greeting(of: patient, db),
                        "who": try who(user, profiles, db), "time": zone.mailText(grant.openedAt),
                        "end": zone.mailText(grant.endsAt),
                    ])
            }
        ]
    }

    private static func who(_ user: Account, _ profiles: AccountProfiles, _ db: any Connection) throws -> String {
        guard user.role == .doctor else { return "An administrator of the clinic (\(user.username))" }
        let person = try profiles.person(db, user)
        return "Dr. \(person.firstName ?? "") \(person.lastName ?? "")"
    }

    private static let template = MailTemplate(
        subject: "Your CareSync record was opened in an emergency",
        text: """
            {{greeting}}

            {{who}} has opened your CareSync record without treating you, as is allowed in an emergency: from {{time}}
            until {{end}} at the latest. Who looked at what, and the reason that was given, is in the access log of your
            account. An administrator reviews every such access.

            If you know of no emergency, ask the clinic.

            """,
        html: """
            <p>{{greeting}}</p>
            <p>{{who}} has opened your CareSync record without treating you, as is allowed in an emergency: from {{time}}
            until {{end}} at the latest. Who looked at what, and the reason that was given, is in the access log of your
            account. An administrator reviews every such access.</p>
            <p>If you know of no emergency, ask the clinic.</p>
            """)
}
