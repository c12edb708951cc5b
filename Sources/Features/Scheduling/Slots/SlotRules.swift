import CareSyncCore
import Directory

/// How a doctor's time is cut into slots.
struct SlotRules: Sendable, Equatable {
    /// 15, 20, 30, 45 or 60.
    var slotMinutes = 30
    /// Kept free before and after each appointment, 0 to 120 minutes each.
    var bufferBefore: TimeSpan = .minutes(0)
    var bufferAfter: TimeSpan = .minutes(0)
    /// How long before its start a slot can still be booked.
    var minimumNoticeMinutes = 0
    /// How far ahead bookings go, in periods of 24 hours.
    var horizonDays = 180
    var week = WorkingWeek.standard

    /// The defaults of a doctor who has set nothing (rules/calendar-and-slots 2).
    static let standard = SlotRules()

    /// The least time between two appointments: what follows the first and what precedes the second.
    var gap: TimeSpan { TimeSpan(microseconds: bufferBefore.microseconds + bufferAfter.microseconds) }

    /// The longest gap the schema allows.
    static let longestGap: TimeSpan = .minutes(240)

    var length: TimeSpan { .minutes(Int64(slotMinutes)) }

    /// Why a moment cannot be booked whatever the hours are; `nil` when it may.
    func refusal(of start: Instant, now: Instant) -> SlotRefusal? {
        if start <= now { return .past }
        if start < now + .minutes(Int64(minimumNoticeMinutes)) { return .tooSoon(minutes: minimumNoticeMinutes) }
        return start > now + .days(Int64(horizonDays)) ? .tooFarAhead(days: horizonDays) : nil
    }
}

/// Why a start is not offered. Booking, rescheduling and every other way to take time refuse with the same words.
enum SlotRefusal: Error, Hashable {
    case past
    case tooSoon(minutes: Int)
    case tooFarAhead(days: Int)
    case outsideWorkingHours
    /// Within working hours, but no slot starts there; also a wall-clock time that the clock jumps over, and the second
    /// occurrence of one that it repeats.
    case offGrid
    case clinicClosed, doctorUnavailable, doctorOnLeave
    case doctorBusy, patientBusy
}
