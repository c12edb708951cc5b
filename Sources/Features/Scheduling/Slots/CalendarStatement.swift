import CareSyncCore
import Persistence

/// The one statement that reads a calendar. Every part is a kind of row, so that the database is asked once.
enum CalendarStatement {
    /// Types come from the first part; its columns carry the doctor's settings, and those of other parts are null.
    ///
    /// - Parameter patients: whose appointments with other doctors are read too.
    static func text(
        _ query: CalendarRepository.Query, for patients: [PatientID], zone: ClinicZone, now: Instant
    ) -> SQL {
        let days = Interval(start: zone.startOfDay(query.from), end: zone.startOfDay(query.to.adding(days: 1)))
        let span = days.widened(by: SlotRules.longestGap)
        let excluded = query.excluding ?? AppointmentID(0)
        let nothing: SQL = "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
        var sql: SQL = """
            SELECT 0 AS kind, \(DoctorSettings.columns), CAST(NULL AS date) AS first_day, CAST(NULL AS date) AS last_day,
                   CAST(NULL AS text) AS name, CAST(NULL AS timestamptz) AS starts_at,
                   CAST(NULL AS timestamptz) AS ends_at, CAST(NULL AS bigint) AS patient_id
            FROM doctors d WHERE d.id = \(query.doctor)
            UNION ALL
            SELECT 1, NULL, \(nothing), start_date, end_date, NULL, NULL, NULL, NULL FROM doctor_leaves
            WHERE doctor_id = \(query.doctor) AND end_date >= \(query.from) AND start_date <= \(query.to)
            UNION ALL
            SELECT 2, NULL, \(nothing), day, day, name, NULL, NULL, NULL FROM clinic_holidays
            WHERE day >= \(query.from) AND day <= \(query.to)
            UNION ALL
            SELECT CASE WHEN held_until <= \(now) THEN 6 WHEN held_until IS NOT NULL THEN 5 ELSE 3 END,
                   NULL, \(nothing), NULL, NULL, NULL, starts_at, ends_at, patient_id
            FROM appointments
            WHERE doctor_id = \(query.doctor) AND \(CalendarRepository.touching(span))
              AND \(CalendarRepository.standing) AND id <> \(excluded)
            """
        if !patients.isEmpty {
            let theirs: SQL = patients.count == 1 ? "= \(patients[0])" : "IN \(in: patients)"
            sql.append(
                """
                 UNION ALL
                SELECT CASE WHEN held_until <= \(now) THEN 7 ELSE 4 END, NULL, \(nothing), NULL, NULL, NULL,
                       starts_at, ends_at, patient_id
                FROM appointments
                WHERE patient_id \(theirs) AND doctor_id <> \(query.doctor) AND \(CalendarRepository.touching(days))
                  AND \(CalendarRepository.standing) AND id <> \(excluded)
                """)
        }
        return sql
    }
}

/// A row of the statement.
enum CalendarRow: RowDecodable {
    case settings(DoctorSettings)
    case leave(LeaveSpan)
    case holiday(LocalDate, String)
    case busy(Interval)
    /// Time a patient has given away to another doctor.
    case patientBusy(PatientID, Interval)
    /// A slot of the doctor that waits for its patient's payment.
    case held(PatientID, Interval)
    /// Of the doctor, whoever's it was; of another doctor, the patient's.
    case expiredHold(PatientID?, Interval)

    init(row: Row) throws {
        let kind: Int = try row.value("kind")
        switch kind {
        case 0: self = .settings(try DoctorSettings(row: row))
        case 1: self = .leave(LeaveSpan(start: try row.value("first_day"), end: try row.value("last_day")))
        case 2: self = .holiday(try row.value("first_day"), try row.value("name"))
        default:
            let interval = Interval(start: try row.value("starts_at"), end: try row.value("ends_at"))
            self =
                switch kind {
                case 3: .busy(interval)
                case 4: .patientBusy(try row.value("patient_id"), interval)
                case 5: .held(try row.value("patient_id"), interval)
                case 6: .expiredHold(nil, interval)
                default: .expiredHold(try row.value("patient_id"), interval)
                }
        }
    }
}

/// The rows of a calendar, sorted by kind; it may have been read for several patients at once.
struct GatheredCalendar: Sendable {
    let settings: DoctorSettings
    private var leaves: [LeaveSpan] = []
    private var holidays: [LocalDate: String] = [:]
    private var busy: [Interval] = []
    private var patientBusy: [(patient: PatientID, interval: Interval)] = []
    private var holds: [(patient: PatientID, interval: Interval)] = []
    private var expiredHolds: [(patient: PatientID?, interval: Interval)] = []

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
            case .patientBusy(let patient, let interval): patientBusy.append((patient, interval))
            case .expiredHold(let patient, let interval): expiredHolds.append((patient, interval))
            case .held(let patient, let interval):
                // Beside the very slot that is held, a hold is in its owner's way like any other.
                busy.append(interval)
                holds.append((patient, interval))
            }
        }
    }

    /// The calendar as the patient of the query sees it.
    func calendar(_ query: CalendarRepository.Query, _ rules: SlotRules) -> DoctorCalendar {
        DoctorCalendar(
            doctor: query.doctor, rules: rules, isBookable: settings.isBookable, leaves: leaves, holidays: holidays,
            busy: BusyTimes(busy, margin: query.countsBuffers ? rules.gap : .minutes(0)),
            patientBusy: BusyTimes(patientBusy.filter { $0.patient == query.patient }.map(\.interval)),
            ownHolds: Set(holds.filter { $0.patient == query.patient }.map(\.interval)),
            expiredHolds: expiredHolds.filter { $0.patient == nil || $0.patient == query.patient }.map(\.interval))
    }
}
