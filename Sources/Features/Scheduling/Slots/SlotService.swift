import CareSyncCore
import Persistence

/// Answers what is free.
struct SlotService: Sendable {
    let context: SchedulingContext

    struct Day: Sendable {
        let date: LocalDate
        let slots: [Slot]
        /// The last day of the leave that covers the day, if one does.
        let leaveEnd: LocalDate?
        /// What the clinic is closed for, if it is.
        let holiday: String?
    }

    /// The bookable slots of consecutive days. For a patient, times at which they are busy are left out; slots they
    /// hold are not.
    func days(
        from: LocalDate, to: LocalDate, of doctor: DoctorID, for patient: PatientID?, use: SlotUse = .booking
    ) async throws -> [Day] {
        let query = CalendarRepository.Query(doctor: doctor, patient: patient, from: from, to: to)
        let now = context.database.services.time.now
        let policy = SlotPolicy(try await context.calendar(query), zone: context.zone, now: now, use: use)
        return Self.dates(from, to).map { date in
            Day(
                date: date, slots: policy.free(on: date), leaveEnd: policy.calendar.leave(on: date)?.end,
                holiday: policy.calendar.holidays[date])
        }
    }

    private static func dates(_ from: LocalDate, _ to: LocalDate) -> [LocalDate] {
        (0...max(0, to.daysSinceEpoch - from.daysSinceEpoch)).map { from.adding(days: $0) }
    }
}
