import CareSyncCore
import Persistence

/// Judges one start inside a transaction, by the calendar as the transaction sees it, and tells why it cannot be
/// booked.
struct SlotCheck {
    let context: SchedulingContext
    let db: any Connection
    let doctor: DoctorID
    let patient: PatientID
    let use: SlotUse
    /// The wire name of the refused field.
    let field: String
    /// The appointment being moved.
    var moving: AppointmentID?

    /// A slot that can be booked, and what was seen on its day.
    struct Passed {
        let slot: Slot
        let calendar: DoctorCalendar

        /// Whether expired holds must be ended before the slot is taken.
        var needsRoom: Bool { calendar.expiredHolds.contains(where: slot.interval.overlaps) }
    }

    /// Throws a ``SchedulingError``.
    func pass(_ start: Instant) throws -> Passed {
        let policy = try policy(around: start, 0...0, use)
        do {
            return Passed(slot: try policy.slot(startingAt: start), calendar: policy.calendar)
        } catch {
            let isTaken = error == .doctorBusy || error == .patientBusy
            throw SchedulingError(error, field: field, alternatives: isTaken ? try others(than: start, policy) : [])
        }
    }

    /// Other times are looked for on the day itself first, where there nearly always are some; only if not, the days
    /// around it are read as well. Instead of an emergency they are planned ones, to which every rule applies.
    private func others(than start: Instant, _ policy: SlotPolicy) throws -> [LocalDateTime] {
        let planned = use == .emergency ? SlotUse.booking : use
        let day = SlotPolicy(policy.calendar, zone: context.zone, now: policy.now, use: planned)
            .nearest(to: start, among: 0...0)
        guard day.count < SlotPolicy.offered else { return day }
        return try self.policy(around: start, SlotPolicy.spread, planned).nearest(to: start)
    }

    private func policy(around start: Instant, _ days: ClosedRange<Int>, _ use: SlotUse) throws -> SlotPolicy {
        let query = CalendarRepository.Query.around(
            context.zone.date(at: start), of: doctor, for: patient, over: days, excluding: moving)
        guard let calendar = try context.calendars(db).calendar(query) else { throw SchedulingError.doctorNotFound }
        return SlotPolicy(calendar, zone: context.zone, now: db.now, use: use)
    }
}
