import CareSyncCore
import Testing

@testable import Scheduling

@Suite("Slot grid")
struct SlotGridTests {
    private func grid(_ zone: String = "Asia/Kolkata", minutes: Int = 30) throws -> SlotGrid {
        SlotGrid(zone: try #require(ClinicZone(zone)), slotMinutes: minutes)
    }

    private func time(_ text: String) throws -> LocalDateTime {
        let parts = text.split(separator: "T")
        let clock = parts[1].split(separator: ":").compactMap { Int($0) }
        let date = try #require(LocalDate(String(parts[0])))
        return LocalDateTime(date, LocalTime(hour: clock[0], minute: clock[1]))
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
            ("2026-03-10T08:30", SlotGrid.Refusal.outsideWorkingHours), ("2026-03-10T13:00", .outsideWorkingHours),
            ("2026-03-10T18:00", .outsideWorkingHours), ("2026-03-10T00:00", .outsideWorkingHours),
            ("2026-03-10T09:10", .offGrid), ("2026-03-10T17:45", .offGrid),
        ])
    func refusals(text: String, refusal: SlotGrid.Refusal) throws {
        let grid = try grid()
        let time = try time(text)
        #expect(throws: refusal) { try grid.slot(startingAt: time) }
    }

    @Test("seconds are off the grid")
    func seconds() throws {
        let grid = try grid()
        let time = LocalDateTime(try #require(LocalDate("2026-03-10")), LocalTime(microseconds: 32_400_000_001))
        #expect(throws: SlotGrid.Refusal.offGrid) { try grid.slot(startingAt: time) }
    }

    @Test("every slot of the list is one that can be asked for, over a year in several zones")
    func listedIsAskable() throws {
        for zone in ["Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"] {
            for minutes in [15, 20, 30, 45, 60] {
                let grid = try grid(zone, minutes: minutes)
                let start = try #require(LocalDate("2026-01-01"))
                for day in 0..<366 {
                    for slot in grid.slots(on: start.adding(days: day)) {
                        #expect(try grid.slot(startingAt: slot.time) == slot)
                        #expect(grid.zone.local(slot.interval.start) == slot.time)
                    }
                }
            }
        }
    }
}
