import CareSyncCore
import Directory
import FeatureContract
import WebAPI

/// A span of the clinic's clock; the end 00:00 is the midnight at which the day ends.
struct ClockSpan: WireValue, Equatable {
    var start: LocalTime
    var end: LocalTime

    init(_ range: MinuteRange) {
        start = LocalTime(hour: range.start / 60, minute: range.start % 60)
        end = LocalTime(hour: range.end / 60 % 24, minute: range.end % 60)
    }

    var range: MinuteRange {
        MinuteRange(start: start.minuteOfDay, end: end == .midnight ? 1440 : end.minuteOfDay)
    }

    var isSound: Bool { start.isWholeMinute && end.isWholeMinute && range.start < range.end }
}

/// One day of the week; an absent day is a day off.
struct WorkingDayBody: WireValue, Equatable {
    /// 1 is Monday, 7 is Sunday (ISO 8601).
    var weekday: Int
    var windows: [ClockSpan]
    var breaks: [ClockSpan]?

    static let mostSpans = 8

    /// In order, both the days and what is on them.
    static func days(of spans: [WorkingSpan]) -> [WorkingDayBody] {
        let byWeekday = Dictionary(grouping: spans, by: \.weekday)
        return byWeekday.keys.sorted().map { weekday in
            let today = (byWeekday[weekday] ?? []).sorted { $0.range.start < $1.range.start }
            return WorkingDayBody(
                weekday: weekday, windows: today.filter { $0.kind == .work }.map { ClockSpan($0.range) },
                breaks: today.filter { $0.kind == .pause }.map { ClockSpan($0.range) })
        }
    }
}

extension WorkingDayBody: Validated {
    /// The week they stand in checks them.
    static let rules: [Rule<Self>] = [
        Rule("weekday", .range(minimum: 1, maximum: 7)) { _ in nil },
        Rule("windows", .items(minimum: nil, maximum: mostSpans)) { _ in nil },
        Rule("breaks", .items(minimum: nil, maximum: mostSpans)) { _ in nil },
    ]
}

/// What is absent stays as it is.
struct WorkingHoursRequest: Codable, Sendable, Validated {
    var days: [WorkingDayBody]?
    var slotMinutes: Int?
    var bufferBeforeMinutes: Int?
    var bufferAfterMinutes: Int?
    var minimumNoticeMinutes: Int?
    var horizonDays: Int?
    var paymentPolicy: PaymentChoice?
    var cancellationTerms: [CancellationStepBody]?

    static let slotLengths = [15, 20, 30, 45, 60]

    static let rules: [Rule<Self>] = [
        Rule("days", .items(minimum: 1, maximum: 7)) { _ in nil },
        Rule("days", .described("windows of a weekday do not overlap, and breaks lie inside them")) { daysMistake($0) },
        Rule("slotMinutes", .values(slotLengths.map(Int64.init))) {
            $0.slotMinutes.flatMap { slotLengths.contains($0) ? nil : "must be 15, 20, 30, 45 or 60" }
        },
        .range("bufferBeforeMinutes", \.bufferBeforeMinutes, 0...120),
        .range("bufferAfterMinutes", \.bufferAfterMinutes, 0...120),
        .range("minimumNoticeMinutes", \.minimumNoticeMinutes, 0...20_160),
        .range("horizonDays", \.horizonDays, 1...366),
        Rule("cancellationTerms", .items(minimum: nil, maximum: CancellationTerms.mostSteps)) { _ in nil },
        Rule("cancellationTerms", .described("an hour stands in one step, and cancelling later gives back no more")) {
            $0.cancellationTerms.flatMap(CancellationStepBody.mistake)
        },
    ]

    var change: WorkingHoursChange {
        WorkingHoursChange(
            spans: days?.flatMap(Self.spans), slotMinutes: slotMinutes, bufferBeforeMinutes: bufferBeforeMinutes,
            bufferAfterMinutes: bufferAfterMinutes, minimumNoticeMinutes: minimumNoticeMinutes,
            horizonDays: horizonDays, paymentChoice: paymentPolicy,
            cancellationTerms: cancellationTerms.map(CancellationStepBody.terms))
    }

    private static func spans(_ day: WorkingDayBody) -> [WorkingSpan] {
        day.windows.map { WorkingSpan(weekday: day.weekday, kind: .work, range: $0.range) }
            + (day.breaks ?? []).map { WorkingSpan(weekday: day.weekday, kind: .pause, range: $0.range) }
    }

    private static func daysMistake(_ request: WorkingHoursRequest) -> String? {
        guard let days = request.days else { return nil }
        let weekdays = days.map(\.weekday)
        if let wrong = weekdays.first(where: { !(1...7).contains($0) }) {
            return "has the weekday \(wrong), which is not from 1 (Monday) to 7 (Sunday)"
        }
        if Set(weekdays).count < weekdays.count { return "must name a weekday once" }
        // No days at all would mean the standard hours; to close the calendar, use a leave.
        if days.allSatisfy(\.windows.isEmpty) { return "must have at least one window" }
        return days.lazy.compactMap(mistake).first
    }

    private static func mistake(_ day: WorkingDayBody) -> String? {
        let breaks = day.breaks ?? []
        guard day.windows.count <= WorkingDayBody.mostSpans, breaks.count <= WorkingDayBody.mostSpans else {
            return
                "must have at most \(WorkingDayBody.mostSpans) windows and \(WorkingDayBody.mostSpans) breaks on weekday \(day.weekday)"
        }
        guard (day.windows + breaks).allSatisfy(\.isSound) else {
            return
                "has a window or break on weekday \(day.weekday) that does not begin before it ends, at whole minutes"
        }
        let windows = day.windows.map(\.range)
        let pauses = breaks.map(\.range)
        if overlap(windows) { return "has windows that overlap on weekday \(day.weekday)" }
        if overlap(pauses) { return "has breaks that overlap on weekday \(day.weekday)" }
        let isInside = pauses.allSatisfy { pause in windows.contains { $0.contains(pause) } }
        return isInside ? nil : "has a break outside every window on weekday \(day.weekday)"
    }

    private static func overlap(_ ranges: [MinuteRange]) -> Bool {
        let sorted = ranges.sorted { $0.start < $1.start }
        return zip(sorted, sorted.dropFirst()).contains { $0.overlaps($1) }
    }
}
