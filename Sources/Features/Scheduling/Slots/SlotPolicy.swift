import CareSyncCore

/// The one rule of what can be booked. The slot list shows what it lets through, and booking refuses what it stops, so
/// that offered means bookable (RULINGS D2).
struct SlotPolicy: Sendable {
    let now: Instant
    let doctor: DoctorFacts
    /// Time the doctor, and where the caller is a patient also the patient, has given away.
    let busy: [Interval]

    /// How far ahead bookings go (RULINGS D3).
    static let horizon: TimeSpan = .days(180)

    /// Why a time cannot be booked whatever the doctor's calendar holds; `nil` when it may.
    static func refusal(of start: Instant, now: Instant) -> SchedulingError? {
        if start <= now { return .pastTime }
        return start > now + horizon ? .tooFarAhead : nil
    }

    /// Why a slot cannot be booked; `nil` when it can.
    func refusal(of slot: Slot) -> SchedulingError? {
        if let refusal = Self.refusal(of: slot.interval.start, now: now) { return refusal }
        if !doctor.isBookable { return .doctorUnavailable }
        if doctor.isOnLeave(slot.time.date) { return .doctorOnLeave }
        return busy.contains { $0.overlaps(slot.interval) } ? .slotUnavailable([]) : nil
    }

    func free(_ slots: [Slot]) -> [Slot] {
        slots.filter { refusal(of: $0) == nil }
    }
}
