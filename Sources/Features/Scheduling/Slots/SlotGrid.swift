import CareSyncCore
import Directory

/// Where slots can lie: a doctor's working time on a day, cut into equal lengths. The cut begins again after every
/// break.
///
/// Windows are read on the wall clock. A start that a clock change skips is no slot, nor is one whose part of the window
/// the change makes shorter than a slot; a start in a repeated hour is one slot, at its first occurrence. So slots never
/// overlap in real time, and none lasts beyond the hours.
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
                let start = midnight.map { $0 + .minutes(Int64(minute)) } ?? moment(minute, on: date)
                guard let start, midnight != nil || fits(start, minute, on: date) else { continue }
                slots.append(slot(Self.reading(minute, on: date), start))
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
        guard isAligned, minute + rules.slotMinutes <= window.end, zone.instant(of: time) == start,
            fits(start, minute, on: time.date)
        else { throw .offGrid }
        return slot(time, start)
    }

    /// The span of one slot's length from a moment on, on the grid or not.
    func span(from start: Instant) -> Slot { slot(zone.local(start), start) }

    private func slot(_ time: LocalDateTime, _ start: Instant) -> Slot {
        Slot(time: time, interval: Interval(start: start, end: start + rules.length))
    }

    /// Whether a slot ends by the time at which the wall clock reaches the end of its part of the window.
    private func fits(_ start: Instant, _ minute: Int, on date: LocalDate) -> Bool {
        let end = minute + rules.slotMinutes
        let reached = moment(end, on: date) ?? zone.change(skipping: Self.reading(end, on: date))
        return start + rules.length <= reached
    }

    /// The moment of a minute of the day, 1440 being the next midnight; `nil` when the clock jumps over it.
    private func moment(_ minute: Int, on date: LocalDate) -> Instant? {
        minute == 1440 ? zone.startOfDay(date.adding(days: 1)) : zone.instant(of: Self.reading(minute, on: date))
    }

    private static func reading(_ minute: Int, on date: LocalDate) -> LocalDateTime {
        LocalDateTime(date, LocalTime(hour: minute / 60, minute: minute % 60))
    }
}
