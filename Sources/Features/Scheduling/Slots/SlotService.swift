import CareSyncCore
import Persistence

/// Answers what is free.
struct SlotService: Sendable {
    let database: any Database
    let zone: ClinicZone

    struct Day: Sendable {
        let slots: [Slot]
        /// The last day of the leave that covers the day, if one does.
        let leaveEnd: LocalDate?
    }

    /// The free slots of a day. For a patient, times at which they are busy themselves are left out.
    func day(_ date: LocalDate, of doctor: DoctorID, for patient: PatientID?) async throws -> Day {
        let zone = zone
        let days = try await database.fetch { batch in
            CalendarRepository.calendar(of: doctor, for: patient, from: date, to: date, zone: zone, in: batch)
        }
        guard let days else { throw SchedulingError.doctorNotFound }
        let policy = SlotPolicy(now: database.services.time.now, doctor: days.facts, busy: days.busy + days.own)
        let slots = SlotGrid(zone: zone, slotMinutes: days.facts.slotMinutes).slots(on: date)
        return Day(slots: policy.free(slots), leaveEnd: days.facts.leaves.first { $0.covers(date) }?.end)
    }

    /// Which of the doctors have a free slot on a day; what the directory's `availableOn` filter asks.
    static func doctorsWithFreeSlot(
        among doctors: [DoctorID], on date: LocalDate, zone: ClinicZone, db: any Connection
    ) throws -> Set<DoctorID> {
        let span = Interval(start: zone.startOfDay(date), end: zone.startOfDay(date.adding(days: 1)))
        let batch = Batch()
        let rows = batch.all(CalendarRepository.DoctorRow.self, CalendarRepository.doctors(doctors))
        let leaves = batch.all(LeaveSpan.self, CalendarRepository.leaves(of: doctors, from: date, to: date))
        let taken = batch.all(CalendarRepository.BusyRow.self, CalendarRepository.busy(doctors: doctors, in: span))
        try batch.run(db)
        let leavesByDoctor = Dictionary(grouping: try leaves.value, by: \.doctorID)
        let busyByDoctor = Dictionary(grouping: try taken.value, by: \.doctorID)
        let now = db.scope.services.time.now
        var free: Set<DoctorID> = []
        for row in try rows.value {
            let facts = DoctorFacts(
                id: row.id, slotMinutes: row.slotMinutes, isBookable: row.isBookable,
                leaves: leavesByDoctor[row.id] ?? [])
            let policy = SlotPolicy(now: now, doctor: facts, busy: (busyByDoctor[row.id] ?? []).map(\.interval))
            let slots = SlotGrid(zone: zone, slotMinutes: row.slotMinutes).slots(on: date)
            if slots.contains(where: { policy.refusal(of: $0) == nil }) { free.insert(row.id) }
        }
        return free
    }

    /// The days among which ``alternatives(to:in:now:zone:)`` looks for a time near one of `date`.
    static func alternativeDays(_ date: LocalDate) -> (from: LocalDate, to: LocalDate) {
        (date.adding(days: -3), date.adding(days: 7))
    }

    /// Up to three free starts nearest to a time that was taken, within the week around it (RULINGS D7).
    static func alternatives(
        to slot: Slot, in days: CalendarRepository.Days, now: Instant, zone: ClinicZone
    ) -> [LocalDateTime] {
        let policy = SlotPolicy(now: now, doctor: days.facts, busy: days.busy + days.own)
        let grid = SlotGrid(zone: zone, slotMinutes: days.facts.slotMinutes)
        // Busy times are looked at day by day, nearest day first, and the search ends once no other day can be nearer.
        var found: [Slot] = []
        for distance in 0...7 where found.count < 3 {
            let days = Set([-distance, distance]).filter { $0 >= -3 }.map { slot.time.date.adding(days: $0) }
            found += days.flatMap { policy.free(grid.slots(on: $0)) }
        }
        return found.sorted { distance($0, slot) < distance($1, slot) }.prefix(3).map(\.time)
    }

    private static func distance(_ left: Slot, _ right: Slot) -> (Int64, Int64) {
        let away = left.interval.start.microseconds - right.interval.start.microseconds
        return (abs(away), away)
    }
}
