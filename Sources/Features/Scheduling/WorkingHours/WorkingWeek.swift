import CareSyncCore
import Persistence

/// Minutes of a day, 0 to 1440; the end is excluded.
struct MinuteRange: Sendable, Hashable {
    let start: Int
    let end: Int

    func overlaps(_ other: MinuteRange) -> Bool { start < other.end && other.start < end }
    func contains(_ other: MinuteRange) -> Bool { start <= other.start && other.end <= end }
}

/// One row of `working_hours`: a window in which a doctor works, or a break inside one.
struct WorkingSpan: RowDecodable, Hashable {
    enum Kind: String, Sendable, CaseIterable, SQLConvertible, ColumnValue {
        case work = "WORK"
        case pause = "BREAK"
    }

    /// 1 is Monday, 7 is Sunday.
    let weekday: Int
    let kind: Kind
    let range: MinuteRange

    static let columns: SQL = "h.weekday, h.kind, h.start_minute, h.end_minute"

    init(weekday: Int, kind: Kind, range: MinuteRange) {
        self.weekday = weekday
        self.kind = kind
        self.range = range
    }

    init(row: Row) throws {
        weekday = try row.value("weekday")
        kind = try row.value("kind")
        range = MinuteRange(start: try row.value("start_minute"), end: try row.value("end_minute"))
    }
}

/// When a doctor works: for each day of the week what is left of the windows once the breaks are taken out.
struct WorkingWeek: Sendable, Equatable {
    /// By weekday, Monday first; sorted and disjoint.
    private let days: [[MinuteRange]]

    /// 09:00 to 13:00 and 14:00 to 18:00 on every day (rules/calendar-and-slots 2): the hours of a doctor without rows.
    static let standardSpans: [WorkingSpan] = (1...7).flatMap { weekday in
        [(9, 13), (14, 18)].map {
            WorkingSpan(weekday: weekday, kind: .work, range: MinuteRange(start: $0.0 * 60, end: $0.1 * 60))
        }
    }

    static let standard = WorkingWeek(standardSpans)

    /// No spans at all stand for the standard hours.
    init(rows spans: [WorkingSpan]) {
        self = spans.isEmpty ? .standard : WorkingWeek(spans)
    }

    init(_ spans: [WorkingSpan]) {
        days = (1...7).map { weekday in
            let today = spans.filter { $0.weekday == weekday }.sorted { $0.range.start < $1.range.start }
            let breaks = today.filter { $0.kind == .pause }.map(\.range)
            return today.filter { $0.kind == .work }.flatMap { Self.subtract(breaks, from: $0.range) }
        }
    }

    /// What is worked on a day of the week, 1 (Monday) to 7.
    func windows(on weekday: Int) -> [MinuteRange] {
        days.indices.contains(weekday - 1) ? days[weekday - 1] : []
    }

    /// Whether an appointment lies in one window from its start to its end, by the clinic's clock at its start.
    func covers(_ appointment: Interval, zone: ClinicZone) -> Bool {
        let start = zone.local(appointment.start)
        let minute = start.time.minuteOfDay
        let length = (appointment.end - appointment.start).microseconds / TimeSpan.minutes(1).microseconds
        let range = MinuteRange(start: minute, end: minute + Int(length))
        return windows(on: start.date.weekday).contains { $0.contains(range) }
    }

    /// `breaks` are in order.
    private static func subtract(_ breaks: [MinuteRange], from window: MinuteRange) -> [MinuteRange] {
        var left: [MinuteRange] = []
        var start = window.start
        for pause in breaks where pause.overlaps(window) {
            if start < pause.start { left.append(MinuteRange(start: start, end: pause.start)) }
            start = max(start, pause.end)
        }
        if start < window.end { left.append(MinuteRange(start: start, end: window.end)) }
        return left
    }
}
