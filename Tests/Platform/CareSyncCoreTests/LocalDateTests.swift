import CareSyncCore
import CareSyncTesting
import Foundation
import Testing

@Suite("Calendar days")
struct LocalDateTests {
    @Test("every day from 0001-01-01 to 9999-12-31 keeps its number, its successor and its weekday")
    func everyDay() throws {
        var expected = (year: 1, month: 1, day: 1)
        var number = LocalDate.earliest.daysSinceEpoch
        // 0001-01-01 is a Monday of the proleptic Gregorian calendar.
        var weekday = 1
        var firstMismatch: String?
        while expected.year <= 9999, firstMismatch == nil {
            let date = LocalDate(daysSinceEpoch: number)
            if date.year != expected.year || date.month != expected.month || date.day != expected.day
                || date.daysSinceEpoch != number || date.weekday != weekday
            {
                firstMismatch = "\(date) is not \(expected)"
            }
            expected = Self.following(expected)
            number += 1
            weekday = weekday % 7 + 1
        }
        #expect(firstMismatch == nil)
        #expect(LocalDate.latest.daysSinceEpoch == number - 1)
        #expect(LocalDate(daysSinceEpoch: 0).description == "1970-01-01")
    }

    private static func following(_ day: (year: Int, month: Int, day: Int)) -> (year: Int, month: Int, day: Int) {
        let isLeap = day.year.isMultiple(of: 400) || (day.year.isMultiple(of: 4) && !day.year.isMultiple(of: 100))
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        if day.day < lengths[day.month - 1] { return (day.year, day.month, day.day + 1) }
        return day.month < 12 ? (day.year, day.month + 1, 1) : (day.year + 1, 1, 1)
    }

    @Test("seeded days agree with Foundation's Gregorian calendar")
    func agreesWithFoundation() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        let random = SeededRandom(seed: 20_260_310)
        for _ in 0..<2_000 {
            // Foundation switches to the Julian calendar before October 1582.
            let day = random.below(3_000_000) - 100_000
            let parts = calendar.dateComponents(
                [.year, .month, .day, .weekday], from: Date(timeIntervalSince1970: Double(day) * 86_400))
            let date = LocalDate(daysSinceEpoch: day)
            #expect(
                [date.year, date.month, date.day, date.weekday % 7 + 1]
                    == [parts.year, parts.month, parts.day, parts.weekday])
        }
    }

    @Test("text is yyyy-MM-dd and reads back", arguments: ["0001-01-01", "1969-12-31", "2024-02-29", "9999-12-31"])
    func text(_ text: String) throws {
        #expect(try #require(LocalDate(text)).description == text)
    }

    @Test(
        "what is not a day is refused",
        arguments: [
            "", "2026", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-04-31", "2026-1-1",
            "0000-01-01", "10000-01-01", "-001-01-01", "2026-01-01x", " 2026-01-01", "2026-01-01 ", "2026/01/01",
            "2026-01-01T00:00:00", "٢٠٢٦-٠١-٠١", "２０２６-０１-０１", "2026-01-0\u{0}", "2026-01-01\u{0}", "+026-01-01",
        ])
    func refused(_ text: String) {
        #expect(LocalDate(text) == nil)
    }

    @Test("a date on the wire may be the date part of a timestamp, as browsers send it")
    func wireForm() throws {
        #expect(try Wire.decode(LocalDate.self, "\"2026-03-01T18:30:00.000Z\"").description == "2026-03-01")
        #expect(throws: InvalidValue.self) { try Wire.decode(LocalDate.self, "\"01.03.2026\"") }
        #expect(try Wire.encode(LocalDate.sample) == "\"2026-03-01\"")
    }

    @Test("steps beyond the supported years stop at their ends")
    func stepsStop() {
        #expect(LocalDate.sample.adding(days: .max) == .latest)
        #expect(LocalDate.earliest.adding(days: .min) == .earliest)
        #expect(LocalDate(daysSinceEpoch: .max) == .latest)
        #expect(LocalDate.latest.adding(days: -1).description == "9999-12-30")
    }

    @Test("days are ordered as the calendar orders them")
    func order() {
        let days = [-1, 0, 30, 31, 365, 366].map(LocalDate.init(daysSinceEpoch:))
        #expect(days.shuffled().sorted() == days)
    }
}

/// JSON by Foundation, so that these types are tested without the coders of another target.
enum Wire {
    static func decode<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }

    static func encode(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }
}
