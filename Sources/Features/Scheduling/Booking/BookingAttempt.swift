import CareSyncCore
import Cryptography
import Directory
import FeatureContract
import Persistence

/// One attempt at a booking. It has a fast path, for a process that remembers the doctor's rules, and a slow path that
/// finds out why the fast one did nothing. The steps run inside transactions of ``BookingService``.
struct BookingAttempt: Sendable {
    let context: SchedulingContext
    let order: BookingOrder
    let videoRoomID: String
    let now: Instant
    let origin: RequestOrigin

    /// A booking ready to be inserted.
    private struct Ready {
        let appointment: Appointment
        let slot: Slot
        let known: KnownRules
    }

    // MARK: Fast

    /// Whether the remembered rules let the order through. They may be out of date; the insert asks for those very rules.
    var isLikely: Bool { likely != nil }

    private var likely: (slot: Slot, known: KnownRules)? {
        guard let known = context.rules[order.doctor] else { return nil }
        let unknown = DoctorCalendar(doctor: order.doctor, rules: known.rules)
        let policy = SlotPolicy(unknown, zone: context.zone, now: now, use: order.use)
        guard let slot = try? policy.slot(startingAt: order.start) else { return nil }  // The slow path tells why.
        return (slot, known)
    }

    /// Sends lock, insert and effects without waiting for an answer; what it returns makes the result once the answers are
    /// there. The transaction fails with ``DatabaseFailure/unmetRequirement``, and changes nothing, unless the insert does
    /// its work.
    func send(_ db: any PipelinedTransaction) throws -> () throws -> BookingService.Booked {
        guard let ready = try ready(db) else { throw DatabaseFailure.unmetRequirement }
        let batch = Batch()
        let doctor = batch.first(AppointmentDoctor.self, lock(ready, db))
        try db.later(batch)
        try db.requireChange(insert(ready, unless: prepaid(ready.appointment), db))
        try AppointmentEffects.booked(ready.appointment, isEmergency: order.use == .emergency, by: origin, db)
        return {
            guard let doctor = try doctor.value else { throw DatabaseFailure.unmetRequirement }
            return booked(ready.appointment, doctor)
        }
    }

    // MARK: Slow

    /// Books, or throws the reason why not. The calendar explains every insert that did nothing; if it shows no
    /// obstacle any more, the insert is tried again. Others may be quicker, but not forever.
    ///
    /// - Parameter looksFirst: whether the fast path has been tried, by this caller or by another for the same slot.
    func run(_ db: any Connection, looksFirst: Bool) throws -> BookingService.Booked {
        if !looksFirst, let booked = try take(db) { return booked }
        for _ in 0..<3 {
            if let held = try makeWay(db) { return held }
            if let booked = try take(db) { return booked }
        }
        throw SchedulingError.slotUnavailable([])
    }

    /// `nil` when nothing was inserted.
    private func take(_ db: any Connection) throws -> BookingService.Booked? {
        guard let ready = try ready(db) else { return nil }
        let batch = Batch()
        let doctor = batch.first(AppointmentDoctor.self, lock(ready, db))
        let inserted = batch.count(insert(ready, db))
        do {
            try batch.run(db)
        } catch DatabaseFailure.constraint(.trigger, _) {
            return nil
        }
        guard try inserted.value == 1, let doctor = try doctor.value else { return nil }
        try AppointmentEffects.booked(ready.appointment, isEmergency: order.use == .emergency, by: origin, db)
        return try settled(ready.appointment, db) ?? booked(ready.appointment, doctor)
    }

    /// Throws why the order cannot be booked. Otherwise nothing stands in its way, as far as a look can tell; a slot that
    /// the patient holds already is given again, with the time that is left.
    private func makeWay(_ db: any Connection) throws -> BookingService.Booked? {
        let field = order.use == .emergency ? "doctorId" : SchedulingError.bookedTime
        let check = SlotCheck(
            context: context, db: db, doctor: order.doctor, patient: order.patient, use: order.use, field: field)
        let passed = try check.pass(order.start)
        if order.use.offersOwnHolds, passed.calendar.ownHolds.contains(passed.slot.interval),
            let held = try ownHold(db)
        {
            return held
        }
        guard try BookingRepository(db: db).isActive(order.patient) == true else {
            throw SchedulingError.patientInactive
        }
        try checkLimits(db)
        if passed.needsRoom, let known = context.rules[order.doctor] {
            // Rows are locked in one order everywhere: those of people before those of appointments.
            try db.run(BookingRepository.lock(order, known, db.dialect))
            try HoldService.endExpired(
                overlapping: passed.slot.interval, doctor: order.doctor, patient: order.patient, db)
        }
        return nil
    }

    private func checkLimits(_ db: any Connection) throws {
        guard let limits,
            let taken = try BookingRepository(db: db).taken(
                by: order.patient, with: order.doctor, now: now)
        else { return }
        if taken.coming >= limits.inAll || taken.withDoctor >= limits.withOneDoctor {
            throw SchedulingError.tooManyAppointments
        }
        if context.rules[order.doctor]?.paymentPolicy == .prepay, taken.held >= limits.holds {
            throw SchedulingError.tooManyHolds
        }
    }

    private func ownHold(_ db: any Connection) throws -> BookingService.Booked? {
        guard let held = try BookingRepository(db: db).ownHold(order, now: now),
            let row = try AppointmentRepository(db: db).find(held, of: order.patient)
        else { return nil }
        if let prepaid = prepaid(row.appointment), try db.exists(prepaid),
            let locked = try PayableRepository(db: db).lock(held),
            let settled = try settled(locked.appointment, db)
        {
            return settled
        }
        return try opened(row, db)
    }

    private func opened(_ row: AppointmentRepository.WithDoctor, _ db: any Connection) throws -> BookingService.Booked {
        let reason = try row.appointment.sealedReason.flatMap {
            try context.vault.open($0, of: order.patient, at: BookingService.reasonField(row.appointment.id), db)
        }
        return BookingService.Booked(appointment: row.appointment, doctor: row.doctor, reason: reason)
    }

    // MARK: Money that is there already

    /// The patient's money that would pay for a hold; `nil` for what is no hold.
    private func prepaid(_ appointment: Appointment) -> SQL? {
        appointment.isHold ? context.prepayment.rows(order.patient, appointment.fee, now) : nil
    }

    /// A locked hold that money pays for at once, as it is then; `nil` when there is no such money.
    private func settled(_ appointment: Appointment, _ db: any Connection) throws -> BookingService.Booked? {
        let payable = PayableID(.appointment, appointment.id.rawValue)
        guard let prepaid = prepaid(appointment), try db.exists(prepaid),
            try context.prepayment.link(payable, order.patient, appointment.fee, origin, db),
            let row = try AppointmentRepository(db: db).find(appointment.id, of: order.patient)
        else { return nil }
        return try opened(row, db)
    }

    // MARK: Both

    /// The bounds that apply to the order.
    private var limits: PatientLimits? { order.use == .booking ? context.settings.patientLimits : nil }

    /// `nil` when the remembered rules do not let the order through.
    private func ready(_ db: any Connection) throws -> Ready? {
        guard let (slot, known) = likely else { return nil }
        let id = AppointmentID(try db.nextID(AppointmentSchema.appointmentIDs))
        let sealed = try order.reason.map {
            try context.vault.seal($0, of: order.patient, at: BookingService.reasonField(id), db)
        }
        let isHeld = order.use == .booking && known.paymentPolicy == .prepay
        // A payment confirms nothing that has begun.
        let heldUntil = isHeld ? min(now + context.settings.holdTime, slot.interval.start) : nil
        let appointment = Appointment(
            id: id, order: order, interval: slot.interval, sealedReason: sealed, heldUntil: heldUntil, known: known,
            videoRoomID: videoRoomID, at: now)
        return Ready(appointment: appointment, slot: slot, known: known)
    }

    private func lock(_ ready: Ready, _ db: any Connection) -> SQL {
        BookingRepository.lock(order, ready.known, db.dialect)
    }

    private func insert(_ ready: Ready, unless prepaid: SQL? = nil, _ db: any Connection) -> SQL {
        BookingRepository.insert(
            ready.appointment, in: ready.slot, for: order.use, by: ready.known, within: limits, unless: prepaid,
            db.dialect)
    }

    private func booked(_ appointment: Appointment, _ doctor: AppointmentDoctor) -> BookingService.Booked {
        BookingService.Booked(appointment: appointment, doctor: doctor, reason: order.reason)
    }
}
