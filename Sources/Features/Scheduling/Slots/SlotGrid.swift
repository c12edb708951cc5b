import CareSyncCore

/// A span of time from its start up to, and without, its end.
struct Interval: Sendable, Hashable {
    let start: Instant
    let end: Instant

    var minutes: Int64 { (end.microseconds - start.microseconds) / 60_000_000 }

    func overlaps(_ other: Interval) -> Bool { start < other.end && other.start < end }
}

/// A bookable span of a doctor's day.
struct Slot: Sendable, Hashable {
    /// What the clinic's clock shows at the start.
    let time: LocalDateTime
    let interval: Interval
}

/// Where slots can lie: working windows cut into equal lengths. Every doctor works 09:00 to 13:00 and 14:00 to 18:00 on
/// every day of the week (contract/appointments.md §2).
struct SlotGrid: Sendable {
    let zone: ClinicZone
    /// 15, 20, 30, 45 or 60.
    let slotMinutes: Int

    private static let windows = [(from: 9 * 60, to: 13 * 60), (from: 14 * 60, to: 18 * 60)]

    enum Refusal: Error, Equatable {
        case outsideWorkingHours
        /// Within working hours, but no slot starts there; also a wall-clock time that the clock jumps over.
        case offGrid
    }

    /// The slots of a day in order. A start that a clock change skips is not among them; one in a repeated hour is there
    /// once, at its first occurrence (RULINGS D3).
    func slots(on date: LocalDate) -> [Slot] {
        Self.windows.flatMap { window in
            stride(from: window.from, through: window.to - slotMinutes, by: slotMinutes).compactMap { minute in
                slot(LocalDateTime(date, LocalTime(hour: minute / 60, minute: minute % 60)))
            }
        }
    }

    /// The slot that starts at a wall-clock time.
    func slot(startingAt time: LocalDateTime) throws(Refusal) -> Slot {
        let minute = time.time.minuteOfDay
        guard let window = Self.windows.first(where: { $0.from <= minute && minute < $0.to }) else {
            throw .outsideWorkingHours
        }
        let isAligned = time.time.isWholeMinute && (minute - window.from) % slotMinutes == 0
        guard isAligned, minute + slotMinutes <= window.to, let slot = slot(time) else { throw .offGrid }
        return slot
    }

    private func slot(_ time: LocalDateTime) -> Slot? {
        guard let start = zone.instant(of: time) else { return nil }
        return Slot(time: time, interval: Interval(start: start, end: start + .minutes(Int64(slotMinutes))))
    }
}
