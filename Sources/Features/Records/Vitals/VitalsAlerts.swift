import CareSyncCore
import Directory
import Identity
import Mail
import Outbox
import Persistence
import Scheduling

/// Tells the treating doctors by mail of measurements beyond a critical limit (rules/vitals 6). The mail names the patient
/// by number and no value.
struct VitalsAlerts: Sendable {
    let care: CareRelationship
    let zone: ClinicZone
    let isMailAvailable: Bool

    private static let name = MailName("vitals-critical", isUrgent: true)
    private static let prefix = "vitals/"
    /// Those who last had to do with the patient are told.
    private static let mostDoctors = 10

    func subscribe(to events: EventHub) {
        guard isMailAvailable else { return }
        events.subscribe(to: CriticalVitalsRecorded.self, durablyAs: "vitals.critical", isUrgent: true) { event, db in
            for doctor in try recipients(event.patient, db) {
                try db.enqueue(MailOrder(Self.name, about: event.subject, to: UserID(doctor)))
            }
        }
    }

    private func recipients(_ patient: PatientID, _ db: any Connection) throws -> [DoctorID] {
        try db.values(Self.recipients(care, patient))
    }

    static func recipients(_ care: CareRelationship, _ patient: PatientID) -> SQL {
        """
        SELECT d.id FROM (\(care.doctors(of: patient))) treating JOIN doctors d ON d.id = treating.doctor_id
        WHERE d.is_active AND d.is_verified ORDER BY treating.last_start DESC, d.id LIMIT \(mostDoctors)
        """
    }

    func kind(_ profiles: AccountProfiles) -> MailKind {
        MailKind(Self.name, Self.template) { order, db in
            guard order.subject.hasPrefix(Self.prefix), let recipient = order.recipient,
                let id = Int64(order.subject.dropFirst(Self.prefix.count)).flatMap(VitalsID.init(checking:)),
                let vitals = try VitalsRepository(db: db).find(id),
                try care.access(of: DoctorID(recipient), to: vitals.patientID, db: db) == .treating,
                let account = try IdentityFeature.account(recipient, db: db), account.isActive,
                let address = MailAddress(account.email)
            else { return nil }
            return MailKind.MailDraft(
                to: address,
                [
                    "greeting": try profiles.greeting(of: account, db), "number": "\(vitals.patientID)",
                    "time": zone.mailText(vitals.recordedAt),
                ])
        }
    }

    private static let template = MailTemplate(
        subject: "Measurements of one of your patients need your attention",
        text: """
            {{greeting}}

            your patient number {{number}} recorded measurements on {{time}} that are beyond a critical limit. Sign in to
            CareSync to see them.

            Measurements are not continuously monitored: this mail may be late, and the next one may not come.

            """,
        html: """
            <p>{{greeting}}</p>
            <p>your patient number {{number}} recorded measurements on {{time}} that are beyond a critical limit. Sign in to
            CareSync to see them.</p>
            <p>Measurements are not continuously monitored: this mail may be late, and the next one may not come.</p>
            """)
}
