import CareSyncCore
import Directory

/// Where slots can lie: what a doctor works on a day, cut into equal lengths. A new cut begins after every break.
///
/// Windows are read on the wall clock. A start that a clock change skips is no slot; one in a repeated hour is one slot,
/// at its first occurrence (RULINGS D3).
struct SlotGrid: Sendable {
    let zone: ClinicZone
    let rules: SlotRules

    /// The slots of a day in order.
    func slots(on date: LocalDate) -> [Slot] {
        let windows = rules.week.windows(on: date.weekday)
        guard !windows.isEmpty else { return [] }
        // On most days one offset holds throughout, and the zone is asked once instead of once per slot.
        let midnight = zone.offsetSeconds(throughout: date).map {
            LocalDateTime(date, .midnight).instant(offsetSeconds: $0)
        }
        var slots: [Slot] = []
        for window in windows where window.end - window.start >= rules.slotMinutes {
            for minute in stride(from: window.start, through: window.end - rules.slotMinutes, by: rules.slotMinutes) {
                let time = LocalDateTime(date, LocalTime(hour: minute / 60, minute: minute % 60))
                if let start = midnight.map({ $0 + .minutes(Int64(minute)) }) ?? zone.instant(of: time) {
                    slots.append(slot(time, start))
                }
            }
        }
        return slots
    }

    /// The slot that starts at a moment.
    func slot(startingAt start: Instant) throws(SlotRefusal) -> Slot {
        let time = zone.local(start)
        let minute = time.time.minuteOfDay
        let windows = rules.week.windows(on: time.date.weekday)
        guard let window = windows.first(where: { $0.start <= minute && minute < $0.end }) else {
            throw .outsideWorkingHours
        }
        let isAligned = time.time.isWholeMinute && (minute - window.start) % rules.slotMinutes == 0
        guard isAligned, minute + rules.slotMinutes <= window.end, zone.instant(of: time) == start else {
            throw .offGrid
        }
        return slot(time, start)
    }

    /// The slot at a moment that may be booked at all: after the notice, within the horizon, on the grid.
    func slot(bookableAt start: Instant, now: Instant) throws(SlotRefusal) -> Slot {
        if let refusal = rules.refusal(of: start, now: now) { throw refusal }
        return try slot(startingAt: start)
    }

    /// The span of one slot's length from a moment on, on the grid or not.
    func span(from start: Instant) -> Slot { slot(zone.local(start), start) }

    private func slot(_ time: LocalDateTime, _ start: Instant) -> Slot {
        Slot(time: time, interval: Interval(start: start, end: start + rules.length))
    }
}
