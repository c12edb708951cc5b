import CareSyncCore
import Mail
import Outbox
import Persistence

/// Mails about lab bookings, to their patients. They say when and never which tests; what has moved on when a mail leaves
/// needs none.
struct LabBookingNotices: Sendable {
    let zone: ClinicZone
    let isMailAvailable: Bool

    private static let prescribed = MailName("lab-tests-prescribed")
    private static let cancelled = MailName("lab-tests-cancelled")
    private static let refunded = MailName("lab-tests-refunded")

    /// Older news is no news, such as that of an outage.
    private static let maximumAge = TimeSpan.hours(24)

    func subscribe(to events: EventHub) {
        events.subscribe(to: LabTestsBooked.self, inBatchesAs: "lab-booking.booked") { events, db in
            for event in events where event.doctor != nil { try send(Self.prescribed, about: event, db) }
        }
        events.subscribe(to: LabBookingStatusChanged.self, inBatchesAs: "lab-booking.status") { events, db in
            for event in events {
                switch event.to {
                // The system ends only what has never been confirmed to anybody.
                case .cancelled where event.by != nil && event.by != UserID(event.patient):
                    try send(Self.cancelled, about: event, db)
                case .refunded: try send(Self.refunded, about: event, db)
                case .pending, .completed, .cancelled: break
                }
            }
        }
    }

    private func send(_ name: MailName, about event: some LabBookingEvent, _ db: any Connection) throws {
        guard isMailAvailable, db.scope.services.time.now - event.at <= Self.maximumAge else { return }
        try db.enqueue(MailOrder(name, about: event.subject))
    }

    var kinds: [MailKind] {
        [
            kind(Self.prescribed, Self.prescribedText) { $0.status == .pending },
            kind(Self.cancelled, Self.cancelledText) { $0.status == .cancelled },
            kind(Self.refunded, Self.refundedText) { $0.status == .refunded },
        ]
    }

    private func kind(
        _ name: MailName, _ template: MailTemplate, if isTrue: @escaping @Sendable (NoticedLabBooking) -> Bool
    ) -> MailKind {
        MailKind(name, template) { [zone] order, db in
            guard let id = LabBookingSubject.booking(order.subject), let booking = try NoticedLabBooking.find(id, db),
                isTrue(booking), let address = MailAddress(booking.email)
            else { return nil }
            return MailKind.MailDraft(
                to: address,
                [
                    "doctor": booking.doctorName ?? "", "time": zone.mailText(booking.bookedFor),
                    "amount": "\(booking.totalPrice)",
                ])
        }
    }

    private static func template(_ subject: String, _ sentences: String...) -> MailTemplate {
        MailTemplate(
            subject: subject, text: "Hello,\n\n" + sentences.joined(separator: "\n\n") + "\n",
            html: "<p>Hello,</p>\n" + sentences.map { "<p>\($0)</p>" }.joined(separator: "\n"))
    }

    private static let prescribedText = template(
        "Laboratory tests booked for you", "Dr. {{doctor}} has booked laboratory tests for you, for {{time}}.",
        "Sign in to CareSync to see the booking, and to pay or cancel it.")
    private static let cancelledText = template(
        "Laboratory booking cancelled", "your laboratory booking for {{time}} was cancelled.",
        "Nothing was paid for it. Sign in to CareSync to see the booking.")
    private static let refundedText = template(
        "Laboratory booking refunded",
        "the money for your laboratory booking of {{time}} has gone back to you: {{amount}} rupees.",
        "Banks may need some days to show it. Sign in to CareSync to see the booking.")
}

/// What mails say of a booking.
private struct NoticedLabBooking: RowDecodable {
    let bookedFor: Instant
    let status: LabBookingStatus
    let totalPrice: Money
    let email: String
    let doctorName: String?

    init(row: Row) throws {
        bookedFor = try row.value("booked_for")
        status = try row.value("status")
        totalPrice = try row.value("total_price")
        email = try row.value("email")
        let (first, last): (String?, String?) = (try row.value("first_name"), try row.value("last_name"))
        if let first, let last { doctorName = "\(first) \(last)" } else { doctorName = nil }
    }

    static func find(_ id: LabBookingID, _ db: any Connection) throws -> NoticedLabBooking? {
        try db.first(
            """
            SELECT b.booked_for, b.status, b.total_price, u.email, d.first_name, d.last_name
            FROM lab_bookings b JOIN users u ON u.id = b.patient_id LEFT JOIN doctors d ON d.id = b.doctor_id
            WHERE b.id = \(id)
            """)
    }
}
