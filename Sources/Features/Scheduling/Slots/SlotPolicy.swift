import CareSyncCore

/// The one rule of what can be booked. The slot list shows what it lets through, and booking refuses what it stops, so
/// that offered means bookable (RULINGS D2). No input or output: everything it needs is in it.
struct SlotPolicy: Sendable {
    let grid: SlotGrid
    let now: Instant
    let calendar: DoctorCalendar

    init(_ calendar: DoctorCalendar, zone: ClinicZone, now: Instant) {
        grid = SlotGrid(zone: zone, rules: calendar.rules)
        self.now = now
        self.calendar = calendar
    }

    /// The slot at a moment, or why there is none to be had.
    func slot(startingAt start: Instant) throws(SlotRefusal) -> Slot {
        let slot = try grid.slot(bookableAt: start, now: now)
        if let refusal = calendar.refusal(of: slot) { throw refusal }
        return slot
    }

    /// The days around a taken time among which others are looked for.
    static let spread = -3...7

    /// How many other times are offered instead of one that is taken.
    static let offered = 3

    /// Up to three free starts nearest to a time that was taken (RULINGS D7); the calendar covers the days around it.
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

    /// The slots of a day that can be booked, in order.
    func free(on date: LocalDate) -> [Slot] {
        guard calendar.refusal(on: date) == nil else { return [] }
        return grid.slots(on: date).filter {
            calendar.rules.refusal(of: $0.interval.start, now: now) == nil && calendar.refusal(of: $0) == nil
        }
    }
}

/// What the slot rules need to know of a doctor over some days, and of the patient who asks.
struct DoctorCalendar: Sendable, Equatable {
    let doctor: DoctorID
    let rules: SlotRules
    /// Active and verified.
    let isBookable: Bool
    /// Those that touch the days.
    var leaves: [LeaveSpan] = []
    var holidays: [LocalDate: String] = [:]
    /// Time the doctor has given away, with the gap between appointments around it.
    var busy = BusyTimes.none
    /// Time the patient has given away to other doctors.
    var patientBusy = BusyTimes.none
    /// Slots of this doctor that the patient holds: busy, but still on offer to their owner.
    var ownHolds: Set<Interval> = []
    /// Holds that have run out: free, but still in the way of an insert until somebody ends them.
    var expiredHolds: [Interval] = []

    func leave(on date: LocalDate) -> LeaveSpan? { leaves.first { $0.covers(date) } }

    /// Why nothing can be booked on a day.
    func refusal(on date: LocalDate) -> SlotRefusal? {
        if !isBookable { return .doctorUnavailable }
        if leave(on: date) != nil { return .doctorOnLeave }
        return holidays[date] == nil ? nil : .clinicClosed
    }

    func refusal(of slot: Slot) -> SlotRefusal? {
        if let refusal = refusal(on: slot.time.date) { return refusal }
        if ownHolds.contains(slot.interval) { return nil }
        if busy.overlaps(slot.interval) { return .doctorBusy }
        return patientBusy.overlaps(slot.interval) ? .patientBusy : nil
    }
}

/// Whole days, both ends included.
struct LeaveSpan: Sendable, Hashable {
    let start: LocalDate
    let end: LocalDate

    func covers(_ date: LocalDate) -> Bool { start <= date && date <= end }
}
