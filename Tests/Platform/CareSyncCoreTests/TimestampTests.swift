import CareSyncCore
import CareSyncTesting
import Foundation
import Testing

@Suite("Times on the wire")
struct TimestampTests {
    @Test(
        "an instant is written in UTC with no fraction or three digits",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00Z"), (999, "1970-01-01T00:00:00Z"),
            (1_000, "1970-01-01T00:00:00.001Z"), (120_000, "1970-01-01T00:00:00.120Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (-1_000_000, "1969-12-31T23:59:59Z"),
            (-86_400_000_001, "1969-12-30T23:59:59.999Z"), (1_772_337_600_123_456, "2026-03-01T04:00:00.123Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00Z"), (253_402_300_799_999_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func instantText(_ microseconds: Int64, _ text: String) throws {
        let instant = Instant(microseconds: microseconds)
        #expect(instant.description == text)
        let read = try Wire.decode(Instant.self, "\"\(text)\"")
        #expect(read.microseconds == microseconds - (microseconds % 1_000 + 1_000) % 1_000)
    }

    @Test(
        "an instant is read with Z or an offset, seconds optional, one to nine digits of fraction",
        arguments: [
            ("2026-03-01T04:00Z", 0), ("2026-03-01T04:00:00Z", 0), ("2026-03-01T09:30:00+05:30", 0),
            ("2026-03-01T09:30:00+0530", 0), ("2026-03-01T04:00:00.000000+0000", 0),
            ("2026-02-28T23:00:00-05:00", 0), ("2026-03-01T04:00:00.1Z", 100_000),
            ("2026-03-01T04:00:00.123456Z", 123_456), ("2026-03-01T04:00:00.123456789Z", 123_456),
            ("2026-03-01T22:00:00+18:00", 0), ("2026-03-01T04:00:00-00:00", 0),
        ] as [(String, Int64)])
    func instantReading(_ text: String, _ fraction: Int64) throws {
        let expected = Instant(microseconds: 1_772_337_600_000_000 + fraction)
        #expect(try Wire.decode(Instant.self, "\"\(text)\"") == expected)
    }

    @Test(
        "what is not a timestamp is refused",
        arguments: [
            "", "T", "2026-03-01T", "2026-03-01T04", "2026-03-01T04:", "2026-03-01T04:0", "2026-03-01T24:00:00",
            "2026-03-01T23:60:00", "2026-03-01T23:59:60", "2026-03-01T04:00:00.", "2026-03-01T04:00:00.1234567890",
            "2026-03-01T04:00:00,5", "2026-03-01t04:00:00", "2026-03-01 04:00:00", "2026-03-01T04:00:00z",
            "2026-03-01T04:00:00+24:00", "2026-03-01T04:00:00+19:00", "2026-03-01T04:00:00+05:60",
            "2026-03-01T04:00:00+05:3", "2026-03-01T04:00:00+053", "2026-03-01T04:00:00+05", "2026-03-01T04:00:00ZZ",
            "2026-03-01T04:00:00Z ",
            "2026-02-30T04:00:00", "2026-03-01T٠٤:00:00", "2026-03-01T-4:00:00", "2026-03-01T04:00:00.-1",
            "2026-03-01T04:00:00\u{0}", "2026-03-01T04:00:00−05:00",
        ])
    func refused(_ text: String) throws {
        let json = try Wire.encode(text)
        #expect(throws: InvalidValue.self) { try Wire.decode(ClientDateTime.self, json) }
        #expect(throws: InvalidValue.self) { try Wire.decode(LocalDateTime.self, json) }
        #expect(throws: InvalidValue.self) { try Wire.decode(Instant.self, json) }
    }

    @Test("an instant needs an offset, a wall-clock reading refuses one, a client's time takes both")
    func offsets() throws {
        #expect(throws: InvalidValue.self) { try Wire.decode(Instant.self, "\"2026-03-01T04:00:00\"") }
        #expect(throws: InvalidValue.self) { try Wire.decode(LocalDateTime.self, "\"2026-03-01T04:00:00Z\"") }
        #expect(throws: InvalidValue.self) { try Wire.decode(ClientDateTime.self, "\"2026-03-01\"") }
        let local = try Wire.decode(ClientDateTime.self, "\"2026-03-01T04:00:00\"")
        let utc = try Wire.decode(ClientDateTime.self, "\"2026-03-01T04:00:00Z\"")
        #expect(local.reading == utc.reading)
        #expect(local.offsetSeconds == nil)
        #expect(utc.offsetSeconds == 0)
    }

    @Test("a reading is written with seconds, and a fraction of three digits unless it is zero")
    func localText() throws {
        let reading = try Wire.decode(LocalDateTime.self, "\"2026-03-01T09:05:07.0405\"")
        #expect(reading.description == "2026-03-01T09:05:07.040")
        #expect(reading.spaced == "2026-03-01 09:05:07")
        #expect(try Wire.decode(LocalDateTime.self, "\"2026-03-01T09:05\"").description == "2026-03-01T09:05:00")
        #expect(try Wire.encode(reading) == "\"2026-03-01T09:05:07.040\"")
    }

    @Test("a time of day is written HH:mm and read with or without seconds")
    func timeOfDay() throws {
        #expect(try Wire.decode(LocalTime.self, "\"09:30\"") == LocalTime(hour: 9, minute: 30))
        #expect(try Wire.decode(LocalTime.self, "\"23:59:59\"").description == "23:59")
        for wrong in ["24:00", "9:30", "09:60", "09:30Z", "09", "", "09:30:", "1970-01-01T09:30"] {
            #expect(throws: InvalidValue.self) { try Wire.decode(LocalTime.self, "\"\(wrong)\"") }
        }
        #expect(LocalTime(microseconds: -1) == .midnight)
        #expect(LocalTime(microseconds: .max).description == "23:59")
    }

    @Test("seeded instants survive text, and readings at any offset lead back to their instant")
    func roundTrip() throws {
        let random = SeededRandom(seed: 4)
        for _ in 0..<5_000 {
            let milliseconds = Int64(random.below(300_000_000_000_000)) - 60_000_000_000_000
            let instant = Instant(microseconds: milliseconds * 1_000)
            #expect(try Wire.decode(Instant.self, "\"\(instant)\"") == instant)
            let offset = random.below(36 * 60) * 60 - 18 * 3_600
            #expect(LocalDateTime(instant, offsetSeconds: offset).instant(offsetSeconds: offset) == instant)
        }
    }
}
