import CareSyncCore
import Directory
import Persistence

/// The one statement that reads a calendar. Every part is a kind of row, so that the database is asked once.
enum CalendarStatement {
    /// Types come from the first part; its columns carry the doctor's settings, and those of other parts are null.
    static func text(_ query: CalendarRepository.Query, zone: ClinicZone, now: Instant) -> SQL {
        let days = Interval(start: zone.startOfDay(query.from), end: zone.startOfDay(query.to.adding(days: 1)))
        let span = days.widened(by: SlotRules.longestGap)
        let excluded = query.excluding ?? AppointmentID(0)
        let holder = query.patient ?? PatientID(0)
        let nothing = CalendarSettings.noColumns
        var sql: SQL = """
            SELECT 0 AS kind, \(CalendarSettings.columns), CAST(NULL AS date) AS first_day, CAST(NULL AS date) AS last_day,
                   CAST(NULL AS text) AS name, CAST(NULL AS timestamptz) AS starts_at,
                   CAST(NULL AS timestamptz) AS ends_at
            FROM doctors d WHERE d.id = \(query.doctor)
            UNION ALL
            SELECT 1, NULL, \(nothing), start_date, end_date, NULL, NULL, NULL FROM doctor_leaves
            WHERE doctor_id = \(query.doctor) AND end_date >= \(query.from) AND start_date <= \(query.to)
            UNION ALL
            SELECT 2, NULL, \(nothing), day, day, name, NULL, NULL FROM clinic_holidays
            WHERE day >= \(query.from) AND day <= \(query.to)
            UNION ALL
            SELECT CASE WHEN held_until <= \(now) THEN 6 WHEN held_until IS NULL THEN 3
                        WHEN patient_id = \(holder) THEN 5 ELSE 3 END, NULL, \(nothing), NULL, NULL, NULL, starts_at, ends_at
            FROM appointments
            WHERE doctor_id = \(query.doctor) AND \(CalendarRepository.touching(span))
              AND \(CalendarRepository.standing) AND id <> \(excluded)
            """
        if let patient = query.patient {
            sql.append(
                """
                 UNION ALL
                SELECT CASE WHEN held_until <= \(now) THEN 6 ELSE 4 END, NULL, \(nothing), NULL, NULL, NULL,
                       starts_at, ends_at
                FROM appointments
                WHERE patient_id = \(patient) AND doctor_id <> \(query.doctor) AND \(CalendarRepository.touching(days))
                  AND \(CalendarRepository.standing) AND id <> \(excluded)
                """)
        }
        return sql
    }
}

/// A row of the statement.
enum CalendarRow: RowDecodable {
    case settings(CalendarSettings)
    case leave(LeaveSpan)
    case holiday(LocalDate, String)
    case busy(Interval)
    /// Time the patient has given away to another doctor.
    case patientBusy(Interval)
    /// A slot of the doctor that the patient holds.
    case ownHold(Interval)
    /// Of the doctor, any patient's; of another doctor, this patient's.
    case expiredHold(Interval)

    init(row: Row) throws {
        let kind: Int = try row.value("kind")
        switch kind {
        case 0: self = .settings(try CalendarSettings(row: row))
        case 1: self = .leave(LeaveSpan(start: try row.value("first_day"), end: try row.value("last_day")))
        case 2: self = .holiday(try row.value("first_day"), try row.value("name"))
        default:
            let interval = Interval(start: try row.value("starts_at"), end: try row.value("ends_at"))
            self =
                switch kind {
                case 3: .busy(interval)
                case 4: .patientBusy(interval)
                case 5: .ownHold(interval)
                default: .expiredHold(interval)
                }
        }
    }
}

/// The rows of a calendar, sorted by kind.
struct GatheredCalendar: Sendable {
    let settings: CalendarSettings
    private var leaves: [LeaveSpan] = []
    private var holidays: [LocalDate: String] = [:]
    private var busy: [Interval] = []
    private var patientBusy: [Interval] = []
    private var ownHolds: Set<Interval> = []
    private var expiredHolds: [Interval] = []

    /// `nil` when there is no such doctor.
    init?(_ rows: [CalendarRow]) {
        let found = rows.lazy.compactMap { row in if case .settings(let found) = row { found } else { nil } }.first
        guard let found else { return nil }
        settings = found
        for row in rows {
            switch row {
            case .settings: break
            case .leave(let span): leaves.append(span)
            case .holiday(let date, let name): holidays[date] = name
            case .busy(let interval): busy.append(interval)
            case .patientBusy(let interval): patientBusy.append(interval)
            case .expiredHold(let interval): expiredHolds.append(interval)
            case .ownHold(let interval):
                // Outside its exact slot, a hold blocks its owner like anybody else.
                busy.append(interval)
                ownHolds.insert(interval)
            }
        }
    }

    func calendar(_ rules: SlotRules) -> DoctorCalendar {
        DoctorCalendar(
            doctor: settings.doctorID, rules: rules, isBookable: settings.isBookable, leaves: leaves,
            holidays: holidays,
            busy: BusyTimes(busy), patientBusy: BusyTimes(patientBusy), ownHolds: ownHolds, expiredHolds: expiredHolds)
    }
}
