/// A day of the Gregorian calendar without a zone, from 0001-01-01 to 9999-12-31.
package struct LocalDate: Hashable, Sendable {
    package let year: Int
    package let month: Int
    package let day: Int

    /// `nil` when there is no such day.
    package init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month),
            day >= 1, day <= Self.days(inMonth: month, of: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day so many days after 1970-01-01; clamped to the supported years.
    package init(daysSinceEpoch days: Int) {
        // Civil-from-days over 400-year eras that start on 1 March, so that the leap day is the last of its year.
        let clamped = Swift.min(Swift.max(days, Self.firstDay), Self.lastDay)
        let shifted = clamped + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    private static let firstDay = -719_162
    private static let lastDay = 2_932_896

    package static let earliest = LocalDate(daysSinceEpoch: firstDay)
    package static let latest = LocalDate(daysSinceEpoch: lastDay)

    package var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// 1 is Monday, 7 is Sunday (ISO 8601).
    package var weekday: Int { ((daysSinceEpoch + 3) % 7 + 7) % 7 + 1 }

    /// The day so many days later; stops at the ends of the supported years.
    package func adding(days: Int) -> LocalDate {
        // No two days are further apart than this, and a caller's number must not overflow the sum.
        let span = Self.lastDay - Self.firstDay
        return LocalDate(daysSinceEpoch: daysSinceEpoch + Swift.min(Swift.max(days, -span), span))
    }

    static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension LocalDate: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }
}

extension LocalDate: CustomStringConvertible, LosslessStringConvertible {
    package var description: String { Digits.text(capacity: 10) { $0.date(self) } }

    /// Reads `yyyy-MM-dd`.
    package init?(_ text: String) {
        guard text.utf8.count == 10, let parsed = TimestampText(text), parsed.time == nil else { return nil }
        self = parsed.date
    }
}

extension LocalDate: Codable {
    /// What clients write: `yyyy-MM-dd`, or a full timestamp, which browsers send and whose date part counts.
    package init?(wire text: String) {
        guard let parsed = TimestampText(text) else { return nil }
        self = parsed.date
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let date = LocalDate(wire: text) else { throw InvalidValue("must be a date such as 2026-03-01") }
        self = date
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension LocalDate: WireScalar {
    package static var wireType: WireType { WireType(.string, format: "date", example: "2026-03-02", isMoment: true) }
    package static var sample: Self { LocalDate(daysSinceEpoch: 20_513) }
}
