import CareSyncCore
import Directory
import Persistence

/// What the directory's `availableOn` filter asks: which of many doctors have a free slot on a day.
enum FreeDoctors {
    static func find(
        among doctors: [DoctorID], on date: LocalDate, zone: ClinicZone, db: any Connection
    ) throws -> Set<DoctorID> {
        let now = db.now
        let day = Interval(start: zone.startOfDay(date), end: zone.startOfDay(date.adding(days: 1)))
        let batch = Batch()
        let settings = batch.all(CalendarSettings.self, CalendarSettings.find(doctors))
        let hours = batch.all(HoursRow.self, HoursRow.find(doctors))
        let away = batch.all(AwayRow.self, AwayRow.find(doctors, on: date))
        let busy = batch.all(BusyRow.self, BusyRow.find(doctors, day.widened(by: SlotRules.longestGap), now))
        let holiday = batch.value(String.self, "SELECT name FROM clinic_holidays WHERE day = \(date)")
        try batch.run(db)
        guard try holiday.value == nil else { return [] }
        let isAway = Set(try away.value.map(\.doctor))
        let hoursOf = Dictionary(grouping: try hours.value, by: \.doctor)
        let busyOf = Dictionary(grouping: try busy.value, by: \.doctor)
        let free = try settings.value.filter { doctor in
            guard doctor.isBookable, !isAway.contains(doctor.doctorID) else { return false }
            let rules = doctor.rules(WorkingWeek(rows: (hoursOf[doctor.doctorID] ?? []).map(\.span)))
            let calendar = DoctorCalendar(
                doctor: doctor.doctorID, rules: rules, busy: BusyTimes((busyOf[doctor.doctorID] ?? []).map(\.interval)))
            return !SlotPolicy(calendar, zone: zone, now: now).free(on: date).isEmpty
        }
        return Set(free.map(\.doctorID))
    }

    private struct HoursRow: RowDecodable {
        let doctor: DoctorID
        let span: WorkingSpan

        init(row: Row) throws {
            doctor = try row.value("doctor_id")
            span = try WorkingSpan(row: row)
        }

        /// Every day of the week, because a doctor without any row at all has the standard hours.
        static func find(_ doctors: [DoctorID]) -> SQL {
            "SELECT h.doctor_id, \(WorkingSpan.columns) FROM working_hours h WHERE h.doctor_id IN \(in: doctors)"
        }
    }

    private struct AwayRow: RowDecodable {
        let doctor: DoctorID

        init(row: Row) throws { doctor = try row.value("doctor_id") }

        static func find(_ doctors: [DoctorID], on date: LocalDate) -> SQL {
            """
            SELECT doctor_id FROM doctor_leaves
            WHERE doctor_id IN \(in: doctors) AND start_date <= \(date) AND end_date >= \(date)
            """
        }
    }

    private struct BusyRow: RowDecodable {
        let doctor: DoctorID
        let interval: Interval

        init(row: Row) throws {
            doctor = try row.value("doctor_id")
            interval = Interval(start: try row.value("starts_at"), end: try row.value("ends_at"))
        }

        static func find(_ doctors: [DoctorID], _ span: Interval, _ now: Instant) -> SQL {
            """
            SELECT doctor_id, starts_at, ends_at FROM appointments
            WHERE doctor_id IN \(in: doctors) AND \(CalendarRepository.touching(span))
              AND \(CalendarRepository.occupying(now))
            """
        }
    }
}
