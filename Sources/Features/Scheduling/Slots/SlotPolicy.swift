import CareSyncCore

/// What a slot is wanted for; it decides which rules apply.
enum SlotUse: Sendable, Equatable {
    /// A patient books, or looks at what can be booked.
    case booking
    /// A patient moves an appointment.
    case moving
    /// The desk books, or the doctor moves an appointment. Notice and horizon are for patients only.
    case clinic
    /// A patient needs the doctor now: hours, holidays and buffers do not count, leave and other appointments do.
    case emergency

    var keepsHours: Bool { self != .emergency }

    /// A patient who asks again for a slot they hold gets it again; it is no place to move another appointment to.
    var offersOwnHolds: Bool { self == .booking }
}

/// The one rule of what can be booked: the slot list shows what it accepts, and every way to take time asks it, so
/// offered means bookable. A pure value without input or output.
struct SlotPolicy: Sendable {
    let grid: SlotGrid
    let now: Instant
    let use: SlotUse
    let calendar: DoctorCalendar

    init(_ calendar: DoctorCalendar, zone: ClinicZone, now: Instant, use: SlotUse = .booking) {
        grid = SlotGrid(zone: zone, rules: calendar.rules)
        self.now = now
        self.use = use
        self.calendar = calendar
    }

    /// The slot at a moment, or why it cannot be booked.
    func slot(startingAt start: Instant) throws(SlotRefusal) -> Slot {
        if let refusal = refusal(at: start) { throw refusal }
        let slot = use.keepsHours ? try grid.slot(startingAt: start) : grid.span(from: start)
        if let refusal = refusal(of: slot) { throw refusal }
        return slot
    }

    /// The slots of a day that can be booked, in order.
    func free(on date: LocalDate) -> [Slot] {
        guard refusal(on: date) == nil else { return [] }
        return grid.slots(on: date).filter { refusal(at: $0.interval.start) == nil && refusal(of: $0) == nil }
    }

    /// Why a moment cannot be booked, whatever the doctor's hours are.
    private func refusal(at start: Instant) -> SlotRefusal? {
        switch use {
        case .booking, .moving: calendar.rules.refusal(of: start, now: now)
        case .clinic: start <= now ? .past : nil
        case .emergency: nil
        }
    }

    /// Why nothing can be booked on a day.
    private func refusal(on date: LocalDate) -> SlotRefusal? {
        if !calendar.isBookable { return .doctorUnavailable }
        if calendar.leave(on: date) != nil { return .doctorOnLeave }
        return use.keepsHours && calendar.holidays[date] != nil ? .clinicClosed : nil
    }

    private func refusal(of slot: Slot) -> SlotRefusal? {
        if let refusal = refusal(on: slot.time.date) { return refusal }
        if use.offersOwnHolds, calendar.ownHolds.contains(slot.interval) { return nil }
        let span = use.keepsHours ? slot.interval.widened(by: calendar.rules.gap) : slot.interval
        if calendar.busy.overlaps(span) { return .doctorBusy }
        return calendar.patientBusy.overlaps(slot.interval) ? .patientBusy : nil
    }
}

// MARK: - Other times

extension SlotPolicy {
    /// The days around a taken time that are searched for alternatives.
    static let spread = -3...7

    /// How many alternatives are offered for a taken time.
    static let offered = 3

    /// Up to three free starts nearest to a time that was taken; the calendar covers the days around it.
    func nearest(to start: Instant, among days: ClosedRange<Int> = Self.spread) -> [LocalDateTime] {
        let date = grid.zone.date(at: start)
        // Days are looked at by distance, and the search ends once no other day can be nearer.
        var found: [Slot] = []
        for distance in 0...days.upperBound where found.count < Self.offered {
            let dates = Set([-distance, distance]).filter(days.contains).map { date.adding(days: $0) }
            found += dates.flatMap { free(on: $0) }
        }
        func distance(_ slot: Slot) -> (Int64, Int64) {
            let away = slot.interval.start.microseconds - start.microseconds
            return (abs(away), away)
        }
        return found.filter { $0.interval.start != start }
            .sorted { distance($0) < distance($1) }.prefix(Self.offered).map(\.time)
    }
}

// MARK: - Calendar

/// What the slot rules need to know of a doctor over some days, and of the patient who asks.
struct DoctorCalendar: Sendable, Equatable {
    let doctor: DoctorID
    let rules: SlotRules
    /// Active and verified.
    var isBookable = true
    /// Those that touch the days.
    var leaves: [LeaveSpan] = []
    var holidays: [LocalDate: String] = [:]
    /// The doctor's occupied time.
    var busy = BusyTimes.none
    /// The patient's occupied time with other doctors.
    var patientBusy = BusyTimes.none
    /// Slots of this doctor that the patient holds; they are busy as well.
    var ownHolds: Set<Interval> = []
    /// Expired holds: free, but they block an insert until they are ended.
    var expiredHolds: [Interval] = []

    func leave(on date: LocalDate) -> LeaveSpan? { leaves.first { $0.covers(date) } }
}

/// Whole days, both ends included.
struct LeaveSpan: Sendable, Hashable {
    let start: LocalDate
    let end: LocalDate

    func covers(_ date: LocalDate) -> Bool { start <= date && date <= end }
}
