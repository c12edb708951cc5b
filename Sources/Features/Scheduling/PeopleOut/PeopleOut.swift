import CareSyncCore
import Directory
import Identity
import Mail
import Outbox
import Persistence

/// What happens to the coming appointments of somebody who is out: a deactivated account, or a doctor whose verification
/// was withdrawn.
struct PeopleOut: Sendable {
    let isMailAvailable: Bool

    /// How many there are, holds that wait for their payment included. The person's calendar is locked first: a booking is
    /// either counted here, or finds the person out.
    func settle(
        _ person: PersonOut, _ handling: AffectedHandling, isNew: Bool, by origin: RequestOrigin, _ db: any Connection
    ) throws -> Int {
        let appointments = PeopleOutRepository(db: db)
        try appointments.lock(person)
        let coming = try appointments.coming(of: person, now: db.now)
        for appointment in coming {
            switch handling {
            case .cancel: try StatusChange.apply(.cancelled, to: appointment, by: origin, db)
            case .keep: if isNew { try tell(appointment, of: person, db) }
            }
        }
        return coming.count
    }

    /// Tells the other side, whom the appointment is kept with. A doctor has never heard of a slot that is not paid.
    private func tell(_ appointment: Appointment, of person: PersonOut, _ db: any Connection) throws {
        guard isMailAvailable else { return }
        let name: MailName
        switch person {
        case .doctor: name = AppointmentMails.doctorOut
        case .patient:
            guard !appointment.isHold else { return }
            name = AppointmentMails.patientOut
        }
        // The moment tells apart the times that somebody is out.
        try db.enqueue(MailOrder(name, about: "appointment/\(appointment.id)", moment: db.now))
    }
}

struct PeopleOutRepository {
    let db: any Connection

    /// Waits for running bookings, and lets none begin until the transaction ends.
    func lock(_ person: PersonOut) throws {
        switch person {
        case .doctor(let doctor): try CalendarLock.take(doctor, db)
        case .patient(let patient):
            _ = try db.exists("SELECT p.id FROM patients p WHERE p.id = \(patient)\(db.dialect.forUpdate(of: "p"))")
        }
    }

    /// Locked, in the order of their starts.
    func coming(of person: PersonOut, now: Instant) throws -> [Appointment] {
        try db.all("\(Self.coming(of: person, now: now))\(db.dialect.forUpdate(of: "a"))")
    }

    static func coming(of person: PersonOut, now: Instant) -> SQL {
        let whose: SQL =
            switch person {
            case .doctor(let doctor): "a.doctor_id = \(doctor)"
            case .patient(let patient): "a.patient_id = \(patient)"
            }
        return """
            SELECT \(Appointment.columns) FROM appointments a
            WHERE \(whose) AND a.starts_at > \(now) AND a.is_active AND a.status IN \(in: AppointmentStatus.occupying)
              AND (a.held_until IS NULL OR a.held_until > \(now))
            ORDER BY a.starts_at, a.id
            """
    }
}
