/// A time of day without a zone, in microseconds since midnight.
package struct LocalTime: Hashable, Sendable, Comparable {
    package let microseconds: Int64

    /// Clamped to one day.
    package init(microseconds: Int64) {
        self.microseconds = min(max(microseconds, 0), 86_399_999_999)
    }

    /// Hours 0 to 23 and minutes 0 to 59.
    package init(hour: Int, minute: Int) {
        self.init(microseconds: Int64(hour * 3600 + minute * 60) * 1_000_000)
    }

    package static let midnight = LocalTime(microseconds: 0)

    package var hour: Int { Int(microseconds / 3_600_000_000) }
    package var minute: Int { Int(microseconds / 60_000_000) % 60 }
    package var second: Int { Int(microseconds / 1_000_000) % 60 }
    package var millisecond: Int { Int(microseconds / 1_000) % 1_000 }
    package var minuteOfDay: Int { Int(microseconds / 60_000_000) }
    package var isWholeMinute: Bool { microseconds % 60_000_000 == 0 }
    package var cutToSeconds: LocalTime { LocalTime(microseconds: microseconds / 1_000_000 * 1_000_000) }

    package static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }
}

extension LocalTime: CustomStringConvertible {
    /// `HH:mm`, the form of slot lists.
    package var description: String {
        Digits.text(capacity: 5) {
            $0.two(hour)
            $0.byte(UInt8(ascii: ":"))
            $0.two(minute)
        }
    }
}

extension LocalTime: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let parsed = TimestampText("1970-01-01T" + text), let time = parsed.time, parsed.offsetSeconds == nil
        else {
            throw InvalidValue("must be a time such as 09:30")
        }
        self = time
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension LocalTime: WireScalar {
    package static var wireType: WireType {
        WireType(
            .string, format: "time-local", pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$", example: "09:30",
            text: "A time of day in the clinic's time zone.")
    }
    package static var sample: Self { LocalTime(hour: 9, minute: 30) }
}
