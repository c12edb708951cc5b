import CareSyncCore
import Cryptography
import Directory
import Persistence

/// What is to be booked.
struct BookingOrder: Sendable {
    enum Kind: Sendable, Equatable {
        /// By the patient; held when the doctor wants to be paid first.
        case planned
        /// By an administrator for somebody who is here or on the telephone, and who pays at the desk.
        case atDesk
        /// Now, on the grid or not.
        case emergency
    }

    let kind: Kind
    let doctor: DoctorID
    let patient: PatientID
    let start: Instant
    let reason: String?
}

/// One attempt at a booking. The steps run inside transactions of ``BookingService``.
struct BookingAttempt: Sendable {
    let context: SchedulingContext
    let order: BookingOrder
    let videoRoomID: String
    let now: Instant
    let origin: RequestOrigin

    /// Whether the database said no because of what it holds, and not because something broke.
    static func isRefusal(_ error: any Error) -> Bool {
        switch error as? DatabaseFailure {
        case .unmetRequirement, .constraint(_, name: AppointmentSchema.doctorOverlap),
            .constraint(_, name: AppointmentSchema.patientOverlap),
            .constraint(.foreignKey, name: AppointmentSchema.doctorKnown):
            true
        default: false
        }
    }

    /// Why the time can never be booked, whoever the doctor is.
    func check() throws {
        if order.kind != .emergency, order.start <= now { throw SchedulingError.pastTime(SchedulingError.bookedTime) }
    }

    /// What is asked for by the rules that are remembered for the doctor; `nil` when there are none, or they refuse it
    /// and so have to be read anew.
    var likely: (slot: Slot, known: KnownRules)? {
        guard let known = context.rules[order.doctor], let slot = try? judge(known.rules) else { return nil }
        return (slot, known)
    }

    /// Locks the doctor, inserts the appointment and its effects, all of it without waiting for an answer; what it
    /// returns makes the result once the answers are there.
    ///
    /// The lock comes first and in a statement of its own, so that leave and rescheduling, which take it exclusively,
    /// are either wholly before or wholly after this booking (RULINGS A2).
    func take(
        _ slot: Slot, _ known: KnownRules, _ db: any Connection
    ) throws -> () throws -> BookingService.Booked {
        let new = try new(slot, known, db)
        let batch = Batch()
        let doctor = batch.first(
            AppointmentDoctor.self, BookingRepository.lock(order.doctor, known, db.dialect))
        try batch.later(db)
        try db.requireChange(BookingRepository.insert(new, db.dialect))
        let appointment = Appointment(new)
        try AppointmentEffects.booked(appointment, by: origin, db)
        return {
            guard let doctor = try doctor.value else { throw DatabaseFailure.unmetRequirement }
            return BookingService.Booked(appointment: appointment, doctor: doctor, reason: order.reason)
        }
    }

    /// Books with a look at the calendar whenever the insert does nothing.
    func run(_ db: any Connection) throws -> BookingService.Booked {
        // Whatever is found to be no obstacle any more is tried again; others may be quicker, but not for ever.
        for _ in 0..<4 {
            if let (slot, known) = likely {
                do {
                    return try db.savepoint {
                        let answer = try take(slot, known, db)
                        try db.flush()
                        return try answer()
                    }
                } catch  where Self.isRefusal(error) {}
            }
            let calendar = try calendar(db)
            if let refusal = try refusal(calendar, alternatives: { try alternatives(calendar, db) }) { throw refusal }
            let slot = try judge(calendar.rules)
            if order.kind == .planned, calendar.ownHolds.contains(slot.interval), let held = try ownHold(db) {
                return held
            }
            // A hold that has run out is no obstacle; the timer would have removed it a little later.
            if calendar.expiredHolds.contains(where: slot.interval.overlaps) {
                try HoldService.endExpired(
                    overlapping: slot.interval, doctor: order.doctor, patient: order.patient, db)
            }
        }
        throw SchedulingError.slotUnavailable([])
    }

    private func new(
        _ slot: Slot, _ known: KnownRules, _ db: any Connection
    ) throws -> BookingRepository.NewAppointment {
        let id = AppointmentID(try db.nextID(AppointmentSchema.appointmentIDs))
        let sealed = try order.reason.map {
            try context.vault.seal($0, of: order.patient, at: BookingService.reasonField(id), db)
        }
        let isHeld = order.kind == .planned && known.paymentPolicy == .prepay
        return BookingRepository.NewAppointment(
            id: id, doctorID: order.doctor, patientID: order.patient, slot: slot, known: known, sealedReason: sealed,
            isEmergency: order.kind == .emergency, heldUntil: isHeld ? now + context.settings.holdTime : nil,
            videoRoomID: videoRoomID, at: now)
    }

    /// What is asked for, as far as the rules alone can tell.
    private func judge(_ rules: SlotRules) throws -> Slot {
        let grid = SlotGrid(zone: context.zone, rules: rules)
        guard order.kind != .emergency else { return grid.span(from: order.start) }
        do {
            return try grid.slot(bookableAt: order.start, now: now)
        } catch {
            throw SchedulingError(error, field: SchedulingError.bookedTime)
        }
    }
}

// MARK: - Why not

extension BookingAttempt {
    /// Why a planned appointment cannot be booked, found out by looking; `nil` when it can, as far as a look can tell.
    ///
    /// Other times are looked for on the day itself first, where there nearly always are some; only if not, the days
    /// around it are read as well.
    func refusal() async throws -> SchedulingError? {
        var isShort = false
        let refusal = try await refusal(among: 0...0) { isShort = $0.count < SlotPolicy.offered }
        return isShort ? try await self.refusal(among: SlotPolicy.spread) { _ in } : refusal
    }

    private func refusal(
        among days: ClosedRange<Int>, _ found: ([LocalDateTime]) -> Void
    ) async throws -> SchedulingError? {
        let calendar = adapted(try await context.calendar(query(over: days)))
        return try refusal(calendar) {
            let policy = SlotPolicy(calendar, zone: context.zone, now: now)
            let times = policy.nearest(to: order.start, among: days)
            found(times)
            return times
        }
    }

    private func query(over days: ClosedRange<Int> = SlotPolicy.spread) -> CalendarRepository.Query {
        var query = CalendarRepository.Query.around(
            context.zone.date(at: order.start), of: order.doctor, for: order.patient, over: days)
        query.countsBuffers = order.kind != .emergency
        return query
    }

    private func calendar(_ db: any Connection) throws -> DoctorCalendar {
        guard let calendar = try context.calendars(db).calendar(query()) else { throw SchedulingError.doctorNotFound }
        return adapted(calendar)
    }

    /// A closed clinic stops no emergency; a doctor who is away does. Nobody else gets the patient's held slot.
    private func adapted(_ calendar: DoctorCalendar) -> DoctorCalendar {
        var calendar = calendar
        if order.kind == .emergency { calendar.holidays = [:] }
        if order.kind != .planned { calendar.ownHolds = [] }
        return calendar
    }

    private func refusal(
        _ calendar: DoctorCalendar, alternatives: () throws -> [LocalDateTime]
    ) throws -> SchedulingError? {
        let slot = try judge(calendar.rules)
        guard let refusal = calendar.refusal(of: slot) else { return nil }
        let isTaken = refusal == .doctorBusy || refusal == .patientBusy
        return SchedulingError(
            refusal, field: order.kind == .emergency ? "doctorId" : SchedulingError.bookedTime,
            alternatives: isTaken ? try alternatives() : [])
    }

    /// Other times are planned ones, also instead of an emergency: what it may ignore counts for them.
    private func alternatives(_ calendar: DoctorCalendar, _ db: any Connection) throws -> [LocalDateTime] {
        var calendar = calendar
        if order.kind == .emergency {
            let query = CalendarRepository.Query.around(
                context.zone.date(at: order.start), of: order.doctor, for: order.patient)
            calendar = try context.calendars(db).calendar(query) ?? calendar
        }
        return SlotPolicy(calendar, zone: context.zone, now: now).nearest(to: order.start)
    }

    /// A patient who asks again for the slot they hold gets it again, with the time that is left.
    private func ownHold(_ db: any Connection) throws -> BookingService.Booked? {
        let held: AppointmentID? = try db.value(
            BookingRepository.ownHold(order.doctor, order.patient, at: order.start, now: now))
        guard let held,
            let row: AppointmentRepository.WithDoctor = try db.first(AppointmentRepository.withDoctor(held))
        else { return nil }
        let reason = try row.appointment.sealedReason.map {
            try context.vault.open($0, of: order.patient, at: BookingService.reasonField(held), db)
        }
        return BookingService.Booked(appointment: row.appointment, doctor: row.doctor, reason: reason)
    }
}
