import CareSyncCore
import CareSyncTesting
import Foundation
import Testing

@Suite("Clinic zones")
struct ClinicZoneTests {
    static let zones = [
        "Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo",
        "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia", "Asia/Pyongyang", "UTC", "Europe/London",
        "America/St_Johns", "Asia/Gaza", "America/Havana", "Asia/Tehran", "Africa/Cairo", "Pacific/Chatham",
        "Antarctica/Troll", "America/Caracas", "Asia/Amman", "Pacific/Kiritimati", "Europe/Istanbul",
    ]

    @Test("offsets agree with Foundation at seeded instants from 1970 to 2100", arguments: zones)
    func offsets(_ identifier: String) throws {
        let (zone, foundation) = try both(identifier)
        let random = SeededRandom(seed: 11)
        var disagreements: [Instant] = []
        for _ in 0..<3_000 {
            let instant = Instant(seconds: Int64(random.below(4_102_444_800)))
            if zone.offsetSeconds(at: instant) != foundation.secondsFromGMT(for: date(instant)) {
                disagreements.append(instant)
            }
        }
        #expect(disagreements.isEmpty)
    }

    /// Clock changes are found by bisection over Foundation's offsets, not by the call that builds the table.
    @Test(
        "at every clock change from 2000 to 2037 skipped readings have no moment, repeated ones the first",
        arguments: zones)
    func changes(_ identifier: String) throws {
        let (zone, foundation) = try both(identifier)
        for change in changes(of: foundation) {
            #expect(zone.offsetSeconds(at: change.at) == change.after)
            #expect(zone.offsetSeconds(at: change.at - .seconds(1)) == change.before)
            let old = LocalDateTime(change.at, offsetSeconds: change.before)
            let new = LocalDateTime(change.at, offsetSeconds: change.after)
            let width = Int64(change.after - change.before)
            if width > 0 {
                for second in [0, 1, width / 2, width - 1] {
                    #expect(zone.instant(of: shifted(old, second)) == nil)
                }
            } else {
                for second in [0, 1, -width / 2, -width - 1] {
                    let reading = shifted(new, second)
                    #expect(zone.instant(of: reading) == change.at + .seconds(second) + .seconds(width))
                }
            }
            #expect(zone.instant(of: shifted(new, max(0, -width))) == change.at + .seconds(max(0, -width)))
            #expect(zone.instant(of: shifted(min(old, new), -1)) == change.at + .seconds(min(0, width) - 1))
        }
    }

    @Test("the start of every day from 2000 to 2037 is the first moment that shows it", arguments: zones)
    func startOfDay(_ identifier: String) throws {
        let (zone, foundation) = try both(identifier)
        let days = Set(
            changes(of: foundation).flatMap { change in
                [change.before, change.after].map { LocalDateTime(change.at, offsetSeconds: $0).date }
            })
        for day in days.flatMap({ [$0.adding(days: -1), $0, $0.adding(days: 1)] }) {
            let start = zone.startOfDay(day)
            // Samoa has no 30 December 2011: that day's start is the moment at which it would have begun.
            if zone.date(at: start) > day, zone.date(at: start) == day.adding(days: 1) {
                #expect(identifier == "Pacific/Apia" && day.description == "2011-12-30")
                continue
            }
            #expect(zone.date(at: start) == day)
            #expect(zone.date(at: start - Span.microsecond) < day)
        }
    }

    @Test("the clock changes of New York are found: the tests above look at something")
    func changesAreFound() throws {
        let (_, foundation) = try both("America/New_York")
        #expect(changes(of: foundation).count == 76)
    }

    @Test("a day whose midnight is skipped begins at the change")
    func skippedMidnight() throws {
        let zone = try #require(ClinicZone("America/Sao_Paulo"))
        let day = try #require(LocalDate("2018-11-04"))
        #expect(zone.instant(of: LocalDateTime(day, .midnight)) == nil)
        #expect(zone.text(zone.startOfDay(day)) == "2018-11-04T01:00:00-02:00")
    }

    @Test("a client's time with an offset is converted, one without is the clinic's wall clock")
    func clientTimes() throws {
        let zone = try #require(ClinicZone("Asia/Kolkata"))
        let utc = try Wire.decode(ClientDateTime.self, "\"2026-03-01T04:00:00Z\"")
        let wall = try Wire.decode(ClientDateTime.self, "\"2026-03-01T09:30:00\"")
        #expect(zone.local(utc) == wall.reading)
        #expect(zone.instant(of: utc) == zone.instant(of: wall))
        #expect(zone.text(try #require(zone.instant(of: wall))) == "2026-03-01T09:30:00+05:30")
    }

    @Test("the text of a moment carries the offset, also a negative one with minutes")
    func text() throws {
        let zone = try #require(ClinicZone("America/St_Johns"))
        #expect(zone.text(Instant(seconds: 1_772_337_600)) == "2026-03-01T00:30:00-03:30")
    }

    @Test("a name that is no zone is refused", arguments: ["", "Mars/Base", "Asia/Kolkat", "../etc/passwd", "Asia"])
    func unknown(_ name: String) {
        #expect(ClinicZone(name) == nil)
    }

    private struct Change {
        let at: Instant
        let before: Int
        let after: Int
    }

    private enum Span {
        static let microsecond = TimeSpan(microseconds: 1)
    }

    private func both(_ identifier: String) throws -> (ClinicZone, TimeZone) {
        (try #require(ClinicZone(identifier)), try #require(TimeZone(identifier: identifier)))
    }

    private func date(_ instant: Instant) -> Date { Date(timeIntervalSince1970: Double(instant.seconds)) }

    private func shifted(_ reading: LocalDateTime, _ seconds: Int64) -> LocalDateTime {
        LocalDateTime(utc: reading.instant(offsetSeconds: 0) + .seconds(seconds))
    }

    private func changes(of zone: TimeZone) -> [Change] {
        func offset(_ second: Int64) -> Int { zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second))) }
        var changes: [Change] = []
        var low: Int64 = 946_684_800
        var before = offset(low)
        while low < 2_145_916_800 {
            let high = low + 86_400
            let after = offset(high)
            if after != before {
                var (first, last) = (low, high)
                while last - first > 1 {
                    let middle = (first + last) / 2
                    if offset(middle) == before { first = middle } else { last = middle }
                }
                changes.append(Change(at: Instant(seconds: last), before: before, after: after))
            }
            (low, before) = (high, after)
        }
        return changes
    }
}
