import CareSyncCore
import CareSyncTesting
import Directory
import Foundation

@testable import Scheduling

/// A doctor's day with everything that decides what is offered, small enough to be shrunk.
struct Schedule: Sendable, CustomStringConvertible {
    var zone = "Asia/Kolkata"
    var date: LocalDate
    /// Minutes from the day's midnight in UTC to the moment of asking.
    var nowOffset = 0
    var slotMinutes = 30
    var bufferBefore = 0
    var bufferAfter = 0
    var notice = 0
    var horizonDays = 180
    var isBookable = true
    var isHoliday = false
    /// Days from the date, both included.
    var leaves: [ClosedRange<Int>] = []
    var windows: [MinuteRange] = []
    var breaks: [MinuteRange] = []
    /// Minutes from the day's midnight in UTC.
    var doctorBusy: [MinuteRange] = []
    var patientBusy: [MinuteRange] = []

    var description: String {
        """
        \(zone) \(date) now=\(nowOffset) slot=\(slotMinutes) buffers=\(bufferBefore)/\(bufferAfter) notice=\(notice) \
        horizon=\(horizonDays) bookable=\(isBookable) holiday=\(isHoliday) leaves=\(leaves) windows=\(windows) \
        breaks=\(breaks) doctor=\(doctorBusy) patient=\(patientBusy)
        """
    }

    var utcMidnight: Instant { LocalDateTime(date, .midnight).instant(offsetSeconds: 0) }
    var now: Instant { utcMidnight + .minutes(Int64(nowOffset)) }

    func interval(_ range: MinuteRange) -> Interval {
        Interval(start: utcMidnight + .minutes(Int64(range.start)), end: utcMidnight + .minutes(Int64(range.end)))
    }

    /// The same day as the engine knows it.
    func policy(_ clinicZone: ClinicZone) -> SlotPolicy {
        var rules = SlotRules.standard
        rules.slotMinutes = slotMinutes
        rules.bufferBefore = .minutes(Int64(bufferBefore))
        rules.bufferAfter = .minutes(Int64(bufferAfter))
        rules.minimumNoticeMinutes = notice
        rules.horizonDays = horizonDays
        rules.week = WorkingWeek(
            windows.map { WorkingSpan(weekday: date.weekday, kind: .work, range: $0) }
                + breaks.map { WorkingSpan(weekday: date.weekday, kind: .pause, range: $0) })
        var calendar = DoctorCalendar(doctor: DoctorID(1), rules: rules, isBookable: isBookable)
        calendar.holidays = isHoliday ? [date: "Holiday"] : [:]
        calendar.leaves = leaves.map {
            LeaveSpan(start: date.adding(days: $0.lowerBound), end: date.adding(days: $0.upperBound))
        }
        calendar.busy = BusyTimes(doctorBusy.map(interval))
        calendar.patientBusy = BusyTimes(patientBusy.map(interval))
        return SlotPolicy(calendar, zone: clinicZone, now: now)
    }
}

extension Schedule {
    static let zones = [
        "Asia/Kolkata", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca",
        "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "America/Santiago", "UTC",
    ]

    /// Dates cluster around the clock changes of these zones.
    static func random(_ random: SeededRandom) -> Schedule {
        let start = LocalDate(daysSinceEpoch: 20_500 + random.below(500))
        var schedule = Schedule(date: start)
        schedule.zone = zones[random.below(zones.count)]
        schedule.nowOffset = random.below(5 * 1440) - 4 * 1440
        schedule.slotMinutes = [15, 20, 30, 45, 60][random.below(5)]
        if random.below(3) == 0 { schedule.bufferBefore = random.below(25) }
        if random.below(3) == 0 { schedule.bufferAfter = random.below(25) }
        if random.below(4) == 0 { schedule.notice = random.below(3000) }
        if random.below(4) == 0 { schedule.horizonDays = 1 + random.below(4) }
        schedule.isBookable = random.below(20) > 0
        schedule.isHoliday = random.below(20) == 0
        if random.below(8) == 0 {
            let first = random.below(5) - 3
            schedule.leaves = [first...(first + random.below(4))]
        }
        var minute = random.below(600)
        while minute < 1380, schedule.windows.count < 4 {
            let end = min(1440, minute + 20 + random.below(400))
            schedule.windows.append(MinuteRange(start: minute, end: end))
            if random.below(2) == 0, end - minute > 30 {
                let pause = minute + random.below(end - minute - 15)
                schedule.breaks.append(MinuteRange(start: pause, end: min(end, pause + 5 + random.below(40))))
            }
            minute = end + (random.below(3) == 0 ? 0 : random.below(200))
        }
        schedule.doctorBusy = (0..<random.below(8)).map { _ in randomRange(random) }
        schedule.patientBusy = (0..<random.below(3)).map { _ in randomRange(random) }
        return schedule
    }

    private static func randomRange(_ random: SeededRandom) -> MinuteRange {
        let start = random.below(3000) - 800
        return MinuteRange(start: start, end: start + 1 + random.below(90))
    }

    /// Simpler schedules, each one step away.
    var shrinks: [Schedule] {
        var simpler: [Schedule] = []
        func add(_ change: (inout Schedule) -> Void) {
            var copy = self
            change(&copy)
            if copy.description != description { simpler.append(copy) }
        }
        for index in doctorBusy.indices { add { $0.doctorBusy.remove(at: index) } }
        for index in patientBusy.indices { add { $0.patientBusy.remove(at: index) } }
        for index in breaks.indices { add { $0.breaks.remove(at: index) } }
        for index in windows.indices {
            let range = windows[index]
            // A break needs a window around it.
            guard !breaks.contains(where: { $0.overlaps(range) }) else { continue }
            add { $0.windows.remove(at: index) }
            add { $0.windows[index] = MinuteRange(start: range.start, end: (range.start + range.end) / 2 + 1) }
        }
        add { $0.leaves = [] }
        add { $0.isHoliday = false }
        add { $0.isBookable = true }
        add { $0.bufferBefore = 0 }
        add { $0.bufferAfter = 0 }
        add { $0.notice = 0 }
        add { $0.horizonDays = 180 }
        add { $0.zone = "UTC" }
        add { $0.slotMinutes = 30 }
        return simpler.filter { $0.windows.allSatisfy { $0.start < $0.end } }
    }

    /// The smallest schedule reachable step by step that still fails.
    func shrunk(_ fails: (Schedule) -> Bool) -> Schedule {
        var smallest = self
        while let next = smallest.shrinks.first(where: fails) { smallest = next }
        return smallest
    }
}

/// What should be offered, worked out in the plainest way: minute by minute, with Foundation's time zones, and with no
/// code of the engine.
struct ScheduleModel {
    let schedule: Schedule
    let zone: TimeZone
    /// Every offset in force within a day or so of the date.
    private let offsets: Set<Int>

    init?(_ schedule: Schedule) {
        guard let zone = TimeZone(identifier: schedule.zone) else { return nil }
        self.schedule = schedule
        self.zone = zone
        offsets = Set(
            (-30...54).map { hour in
                let moment = schedule.utcMidnight.seconds + Int64(hour * 3600)
                return zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment)))
            })
    }

    /// Starts on the day, in UTC.
    var offered: Set<Instant> {
        guard schedule.isBookable, !schedule.isHoliday, !schedule.leaves.contains(where: { $0.contains(0) }) else {
            return []
        }
        let run = runs
        var starts: Set<Instant> = []
        for minute in 0..<1440 {
            guard let first = run[minute], (minute - first) % schedule.slotMinutes == 0 else { continue }
            let isWhole = (minute..<(minute + schedule.slotMinutes)).allSatisfy { $0 < 1440 && run[$0] == first }
            guard isWhole, let start = instant(minute), fits(start, minute), isFree(start), isInTime(start) else {
                continue
            }
            starts.insert(start)
        }
        return starts
    }

    /// For each minute that is worked, the minute at which that stretch of work began.
    private var runs: [Int?] {
        var runs: [Int?] = Array(repeating: nil, count: 1440)
        for window in schedule.windows {
            var first: Int?
            for minute in window.start..<window.end {
                if schedule.breaks.contains(where: { $0.start <= minute && minute < $0.end }) {
                    first = nil
                } else {
                    first = first ?? minute
                    runs[minute] = first
                }
            }
        }
        return runs
    }

    /// The first moment at which the clock on the wall shows this minute of the day.
    private func instant(_ minute: Int) -> Instant? {
        let reading = schedule.utcMidnight.seconds + Int64(minute * 60)
        return offsets.map { reading - Int64($0) }.filter { moment in
            Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment)))) == reading - moment
        }.min().map(Instant.init(seconds:))
    }

    /// Whether the clock on the wall stays within the slot's own minutes as long as the slot lasts.
    private func fits(_ start: Instant, _ minute: Int) -> Bool {
        (0..<schedule.slotMinutes).allSatisfy { passed in
            let moment = start.seconds + Int64(passed * 60)
            let reading = moment + Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment))))
            return reading - schedule.utcMidnight.seconds < Int64((minute + schedule.slotMinutes) * 60)
        }
    }

    private func isInTime(_ start: Instant) -> Bool {
        let ahead = (start - schedule.now).seconds
        return ahead > 0 && ahead >= Int64(schedule.notice * 60) && ahead <= Int64(schedule.horizonDays * 86_400)
    }

    private func isFree(_ start: Instant) -> Bool {
        let first = (start - schedule.utcMidnight).seconds / 60
        let gap = schedule.bufferBefore + schedule.bufferAfter
        func meets(_ busy: MinuteRange, _ gap: Int) -> Bool {
            Int(first) < busy.end + gap && busy.start - gap < Int(first) + schedule.slotMinutes
        }
        return !schedule.doctorBusy.contains { meets($0, gap) } && !schedule.patientBusy.contains { meets($0, 0) }
    }
}
