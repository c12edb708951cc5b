import CareSyncCore
import Mail
import Outbox
import Persistence

/// Turns news about appointments into mails, behind the outbox, so that bookings do not wait for it. A mail looks at the
/// appointment when it leaves: what has moved on by then needs none.
struct AppointmentNotices: Sendable {
    let zone: ClinicZone
    let isMailAvailable: Bool

    /// Older news is no news, such as that of an outage. Reminders still come of it.
    static let maximumAge = TimeSpan.hours(24)

    /// The most administrators to be told of one emergency.
    private static let mostAdministrators = 50

    func subscribe(to events: EventHub) {
        events.subscribe(to: AppointmentBooked.self, inBatchesAs: "appointment.booked") { events, db in
            guard isMailAvailable else { return }
            for event in events { try booked(event, db) }
        }
        events.subscribe(to: AppointmentStatusChanged.self, inBatchesAs: "appointment.status") { events, db in
            guard isMailAvailable else { return }
            for event in events { try statusChanged(event, db) }
        }
        events.subscribe(to: AppointmentRescheduled.self, inBatchesAs: "appointment.rescheduled") { events, db in
            guard isMailAvailable else { return }
            try rescheduled(events, db)
        }
        events.subscribe(to: EmergencyBooked.self, durablyAs: "emergency.booked", isUrgent: true) { event, db in
            guard isMailAvailable else { return }
            try send([AppointmentMails.emergencyDoctor], about: event, db)
        }
        events.subscribe(to: EmergencyUnanswered.self, durablyAs: "emergency.unanswered", isUrgent: true) { event, db in
            guard isMailAvailable else { return }
            try unanswered(event, db)
        }
    }

    /// Puts mails into the outbox, unless it is too late for them.
    private func send(
        _ names: [MailName], about event: some AppointmentEvent, moment: Instant? = nil, to recipient: UserID? = nil,
        _ db: any Connection
    ) throws {
        guard db.scope.services.time.now - event.at <= Self.maximumAge else { return }
        for name in names {
            try db.enqueue(MailOrder(name, about: event.subject, moment: moment, to: recipient))
        }
    }

    private func booked(_ event: AppointmentBooked, _ db: any Connection) throws {
        // To the doctor a slot that waits for its payment is news when it is confirmed.
        guard event.heldUntil == nil else { return try send([AppointmentMails.heldPatient], about: event, db) }
        // The doctor is told of an emergency by an event of its own.
        try send(
            event.isEmergency
                ? [AppointmentMails.emergencyPatient]
                : [AppointmentMails.bookedDoctor, AppointmentMails.bookedPatient],
            about: event, db)
        try remind(event, of: event.startsAt, db)
    }

    private func statusChanged(_ event: AppointmentStatusChanged, _ db: any Connection) throws {
        switch event.to {
        case .confirmed:
            let isLate = event.from.isCancelled
            try send(
                [isLate ? AppointmentMails.revivedPatient : AppointmentMails.confirmedPatient], about: event, db)
            // Confirmed by a payment: the doctor hears of it only now.
            if event.by != UserID(event.doctor) { try send([AppointmentMails.bookedDoctor], about: event, db) }
            try remind(event, of: event.startsAt, db)
        case .cancelled, .cancelledByPatient, .cancelledByDoctor:
            if event.endsHold, event.by == nil {
                return try send([AppointmentMails.holdEndedPatient], about: event, db)
            }
            // The doctor has never heard of a slot that was not paid.
            let forDoctor = event.endsHold ? [] : [AppointmentMails.cancelledDoctor]
            try send([AppointmentMails.cancelledPatient] + forDoctor, about: event, db)
        case .booked, .scheduled, .inProgress, .completed, .noShow: break
        }
    }

    /// Of several moves the last one is told, and none of a slot that waited for its payment.
    private func rescheduled(_ events: [AppointmentRescheduled], _ db: any Connection) throws {
        var starts: [AppointmentID: Instant] = [:]
        try db.query(
            "SELECT id, starts_at FROM appointments WHERE id IN \(in: events.map(\.appointment)) AND is_active"
        ) { row in starts[try row.value("id")] = try row.value("starts_at") }
        let last = Dictionary(events.map { ($0.appointment, $0) }) { _, later in later }
        for event in last.values.sorted(by: { $0.appointment < $1.appointment })
        where event.heldUntil == nil && starts[event.appointment] == event.to {
            // The moment tells a move from an earlier one to the same time.
            try send(
                [AppointmentMails.rescheduledPatient, AppointmentMails.rescheduledDoctor], about: event,
                moment: event.at, db)
            try remind(event, of: event.to, db)
        }
    }

    private func unanswered(_ event: EmergencyUnanswered, _ db: any Connection) throws {
        let administrators: [UserID] = try db.values(
            "SELECT id FROM users WHERE role = 'ADMIN' AND is_active ORDER BY id LIMIT \(Self.mostAdministrators)")
        for administrator in administrators {
            try send([AppointmentMails.emergencyUnanswered], about: event, to: administrator, db)
        }
    }

    /// However often an appointment is confirmed or its reason changed, there is one reminder of a start, and one that has
    /// moved has another. The mail looks whether the start still is this one.
    private func remind(_ event: some AppointmentEvent, of start: Instant, _ db: any Connection) throws {
        let due = Reminder.remindAt(start, zone: zone)
        guard due > db.scope.services.time.now else { return }
        try db.enqueue(MailOrder(AppointmentMails.reminderPatient, about: event.subject, moment: start), due: due)
    }
}
