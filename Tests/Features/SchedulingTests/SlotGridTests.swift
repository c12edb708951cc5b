import CareSyncCore
import Directory
import Testing

@testable import Scheduling

@Suite("Slot grid")
struct SlotGridTests {
    private func grid(_ zone: String = "Asia/Kolkata", minutes: Int = 30) throws -> SlotGrid {
        var rules = SlotRules.standard
        rules.slotMinutes = minutes
        return SlotGrid(zone: try #require(ClinicZone(zone)), rules: rules)
    }

    private func instant(_ text: String, _ zone: ClinicZone) throws -> Instant {
        let parts = text.split(separator: "T")
        let clock = parts[1].split(separator: ":").compactMap { Int($0) }
        let date = try #require(LocalDate(String(parts[0])))
        return try #require(zone.instant(of: LocalDateTime(date, LocalTime(hour: clock[0], minute: clock[1]))))
    }

    @Test("a day has sixteen half hours, none of them at lunch")
    func sixteenSlots() throws {
        let date = try #require(LocalDate("2026-03-10"))
        let times = try grid().slots(on: date).map(\.time.time.description)
        #expect(times.count == 16)
        #expect(times.first == "09:00")
        #expect(times[7] == "12:30")
        #expect(times[8] == "14:00")
        #expect(times.last == "17:30")
    }

    @Test("slot lengths fill both windows", arguments: [(15, 32), (20, 24), (30, 16), (45, 10), (60, 8)])
    func lengths(minutes: Int, count: Int) throws {
        let date = try #require(LocalDate("2026-03-10"))
        let slots = try grid(minutes: minutes).slots(on: date)
        #expect(slots.count == count)
        #expect(slots.allSatisfy { $0.interval.end - $0.interval.start == .minutes(Int64(minutes)) })
        #expect(zip(slots, slots.dropFirst()).allSatisfy { !$0.interval.overlaps($1.interval) })
    }

    @Test(
        "a time that starts no slot says why",
        arguments: [
            ("2026-03-10T08:30", SlotRefusal.outsideWorkingHours), ("2026-03-10T13:00", .outsideWorkingHours),
            ("2026-03-10T18:00", .outsideWorkingHours), ("2026-03-10T00:00", .outsideWorkingHours),
            ("2026-03-10T09:10", .offGrid), ("2026-03-10T17:45", .offGrid),
        ])
    func refusals(text: String, refusal: SlotRefusal) throws {
        let grid = try grid()
        let start = try instant(text, grid.zone)
        #expect(throws: refusal) { try grid.slot(startingAt: start) }
    }

    @Test("a microsecond is off the grid")
    func fractions() throws {
        let grid = try grid()
        let start = try instant("2026-03-10T09:00", grid.zone) + TimeSpan(microseconds: 1)
        #expect(throws: SlotRefusal.offGrid) { try grid.slot(startingAt: start) }
    }

    @Test("a new cut begins after a break, and days without windows have no slots")
    func breaks() throws {
        var rules = SlotRules.standard
        rules.week = WorkingWeek([
            WorkingSpan(weekday: 2, kind: .work, range: MinuteRange(start: 9 * 60, end: 12 * 60)),
            WorkingSpan(weekday: 2, kind: .pause, range: MinuteRange(start: 10 * 60 + 10, end: 10 * 60 + 25)),
        ])
        let grid = SlotGrid(zone: try #require(ClinicZone("Asia/Kolkata")), rules: rules)
        let tuesday = try #require(LocalDate("2026-03-10"))
        let times = grid.slots(on: tuesday).map(\.time.time.description)
        #expect(times == ["09:00", "09:30", "10:25", "10:55", "11:25"])
        #expect(grid.slots(on: tuesday.adding(days: 1)).isEmpty)
        let pause = try instant("2026-03-10T10:15", grid.zone)
        #expect(throws: SlotRefusal.outsideWorkingHours) { try grid.slot(startingAt: pause) }
    }

    @Test("a window may last until midnight")
    func midnight() throws {
        var rules = SlotRules.standard
        rules.week = WorkingWeek([
            WorkingSpan(weekday: 2, kind: .work, range: MinuteRange(start: 23 * 60, end: 1440))
        ])
        let grid = SlotGrid(zone: try #require(ClinicZone("Asia/Kolkata")), rules: rules)
        let times = grid.slots(on: try #require(LocalDate("2026-03-10"))).map(\.time.time.description)
        #expect(times == ["23:00", "23:30"])
    }

    @Test("the second occurrence of a repeated hour is no slot")
    func repeatedHour() throws {
        var rules = SlotRules.standard
        rules.week = WorkingWeek([WorkingSpan(weekday: 7, kind: .work, range: MinuteRange(start: 0, end: 240))])
        let grid = SlotGrid(zone: try #require(ClinicZone("America/New_York")), rules: rules)
        let first = try instant("2026-11-01T01:30", grid.zone)
        #expect(try grid.slot(startingAt: first).time.time.description == "01:30")
        #expect(throws: SlotRefusal.offGrid) { try grid.slot(startingAt: first + .hours(1)) }
        #expect(grid.slots(on: try #require(LocalDate("2026-11-01"))).count == 8)
        #expect(grid.slots(on: try #require(LocalDate("2026-03-08"))).count == 6)
    }

    @Test(
        "where a clock change cuts hours short, only what fits in real time is a slot",
        arguments: [
            // New York jumps from 02:00 to 03:00: 01:30 would last until 03:15.
            (45, 3, ["00:00", "00:45"]), (45, 6, ["00:00", "00:45", "03:00", "03:45", "04:30", "05:15"]),
            (60, 3, ["00:00", "01:00"]), (30, 4, ["00:00", "00:30", "01:00", "01:30", "03:00", "03:30"]),
            (20, 3, ["00:00", "00:20", "00:40", "01:00", "01:20", "01:40"]),
        ])
    func cutShort(minutes: Int, end: Int, expected: [String]) throws {
        var rules = SlotRules.standard
        rules.slotMinutes = minutes
        rules.week = WorkingWeek([WorkingSpan(weekday: 7, kind: .work, range: MinuteRange(start: 0, end: end * 60))])
        let grid = SlotGrid(zone: try #require(ClinicZone("America/New_York")), rules: rules)
        let date = try #require(LocalDate("2027-03-14"))
        let slots = grid.slots(on: date)
        #expect(slots.map(\.time.time.description) == expected)
        #expect(zip(slots, slots.dropFirst()).allSatisfy { !$0.interval.overlaps($1.interval) })
        let close = try instant("2027-03-14T0\(end):00", grid.zone)
        #expect(slots.allSatisfy { $0.interval.end <= close })
        // What is not listed cannot be asked for either.
        let starts = Set(slots.map(\.interval.start))
        for minute in stride(from: 0, to: 360, by: 5) {
            let start = grid.zone.startOfDay(date) + .minutes(Int64(minute))
            #expect(((try? grid.slot(startingAt: start)) != nil) == starts.contains(start), "\(minute)")
        }
    }

    @Test("no two slots of a day overlap in real time, whatever the clock does")
    func neverOverlap() throws {
        for zone in ["America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Beirut", "Pacific/Apia"] {
            for minutes in [15, 20, 30, 45, 60] {
                var rules = SlotRules.standard
                rules.slotMinutes = minutes
                rules.week = WorkingWeek(
                    (1...7).map { WorkingSpan(weekday: $0, kind: .work, range: MinuteRange(start: 0, end: 1440)) })
                let grid = SlotGrid(zone: try #require(ClinicZone(zone)), rules: rules)
                let start = try #require(LocalDate("2011-01-01"))
                var last = Instant(seconds: 0)
                for day in 0..<730 {
                    for slot in grid.slots(on: start.adding(days: day)) {
                        #expect(slot.interval.start >= last, "\(zone) \(minutes) \(slot.time)")
                        last = slot.interval.end
                    }
                }
            }
        }
    }

    @Test("every slot of the list is one that can be asked for, over a year in several zones")
    func listedIsAskable() throws {
        for zone in ["Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"] {
            for minutes in [15, 20, 30, 45, 60] {
                let grid = try grid(zone, minutes: minutes)
                let start = try #require(LocalDate("2026-01-01"))
                for day in 0..<366 {
                    for slot in grid.slots(on: start.adding(days: day)) {
                        #expect(try grid.slot(startingAt: slot.interval.start) == slot)
                        #expect(grid.zone.local(slot.interval.start) == slot.time)
                    }
                }
            }
        }
    }
}
