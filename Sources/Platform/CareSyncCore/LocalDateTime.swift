/// A wall-clock reading without a zone, in microseconds of its day.
package struct LocalDateTime: Hashable, Sendable, Comparable {
    package let date: LocalDate
    package let time: LocalTime

    package init(_ date: LocalDate, _ time: LocalTime) {
        self.date = date
        self.time = time
    }

    /// The reading of a clock that shows UTC.
    package init(utc instant: Instant) {
        self.init(instant, offsetSeconds: 0)
    }

    /// The reading of a clock that runs so many seconds ahead of UTC.
    package init(_ instant: Instant, offsetSeconds: Int) {
        let shifted = instant.microseconds + Int64(offsetSeconds) * 1_000_000
        let days = shifted.dividedDown(by: 86_400_000_000)
        date = LocalDate(daysSinceEpoch: Int(days))
        time = LocalTime(microseconds: shifted - days * 86_400_000_000)
    }

    /// The moment at which a clock that runs so many seconds ahead of UTC shows this reading.
    package func instant(offsetSeconds: Int) -> Instant {
        let days = Int64(date.daysSinceEpoch) * 86_400_000_000
        return Instant(microseconds: days + time.microseconds - Int64(offsetSeconds) * 1_000_000)
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.date, left.time) < (right.date, right.time)
    }
}

extension LocalDateTime: CustomStringConvertible {
    /// `yyyy-MM-ddTHH:mm:ss`, and three digits of fraction unless they are zero.
    package var description: String {
        Digits.text(capacity: 23) {
            $0.date(date)
            $0.byte(UInt8(ascii: "T"))
            $0.time(time)
        }
    }

    /// `yyyy-MM-dd HH:mm:ss`, the form of the appointment shapes' change stamps.
    package var spaced: String {
        Digits.text(capacity: 19) {
            $0.date(date)
            $0.byte(UInt8(ascii: " "))
            $0.time(time.cutToSeconds)
        }
    }
}

/// A date and time as a client sends it: wall clock of the clinic, or with `Z` or an offset, which are converted.
///
/// Zone rules are needed to make sense of it; ``ClinicZone/local(_:)`` applies them.
package struct ClientDateTime: Hashable, Sendable {
    package let reading: LocalDateTime
    /// Seconds ahead of UTC when the client named them, otherwise `nil`.
    package let offsetSeconds: Int?

    package init(_ reading: LocalDateTime, offsetSeconds: Int? = nil) {
        self.reading = reading
        self.offsetSeconds = offsetSeconds
    }
}

extension ClientDateTime: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let parsed = TimestampText(text), parsed.time != nil else {
            throw InvalidValue("must be a date and time such as 2026-03-01T09:30:00")
        }
        self.init(parsed.local, offsetSeconds: parsed.offsetSeconds)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(
            offsetSeconds.map { reading.instant(offsetSeconds: $0).description } ?? reading.description)
    }
}

extension ClientDateTime: WireScalar {
    package static var wireType: WireType {
        WireType(
            .string,
            pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
                + "(Z|[+-][0-9]{2}:?[0-9]{2})?$",
            example: "2026-03-02T09:30:00", isMoment: true,
            text: "The clinic's wall clock, as 2026-03-02T09:30:00; with Z or an offset, an instant that is converted.")
    }
    package static var sample: Self { Self(.sample) }
}

extension LocalDateTime: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension LocalDateTime: Decodable {
    /// Reads a wall-clock reading; an offset is refused, because only ``ClientDateTime`` can convert it.
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let parsed = TimestampText(text), parsed.time != nil, parsed.offsetSeconds == nil else {
            throw InvalidValue("must be a date and time such as 2026-03-01T09:30:00")
        }
        self = parsed.local
    }
}

extension LocalDateTime: WireScalar {
    package static var wireType: WireType {
        WireType(
            .string, format: "date-time-local", example: "2026-03-02T09:30:00", isMoment: true,
            text: "The clinic's wall clock, without an offset.")
    }
    package static var sample: Self { LocalDateTime(.sample, LocalTime(hour: 9, minute: 30)) }
}
