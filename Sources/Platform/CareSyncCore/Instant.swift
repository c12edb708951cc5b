/// A point on the UTC time line, in microseconds since 1970-01-01T00:00:00Z, the resolution both databases keep.
package struct Instant: Hashable, Sendable, Comparable {
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package init(seconds: Int64) {
        microseconds = seconds * 1_000_000
    }

    /// Whole seconds since 1970, rounded down also before that year.
    package var seconds: Int64 { microseconds.dividedDown(by: 1_000_000) }

    package static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }
    package static func + (instant: Self, span: TimeSpan) -> Self {
        Self(microseconds: instant.microseconds + span.microseconds)
    }
    package static func - (instant: Self, span: TimeSpan) -> Self {
        Self(microseconds: instant.microseconds - span.microseconds)
    }
    package static func - (later: Self, earlier: Self) -> TimeSpan {
        TimeSpan(microseconds: later.microseconds - earlier.microseconds)
    }
}

/// A length of time in microseconds; may be negative.
package struct TimeSpan: Hashable, Sendable, Comparable {
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package static func milliseconds(_ count: Int64) -> Self { Self(microseconds: count * 1_000) }
    package static func seconds(_ count: Int64) -> Self { Self(microseconds: count * 1_000_000) }
    package static func minutes(_ count: Int64) -> Self { .seconds(count * 60) }
    package static func hours(_ count: Int64) -> Self { .minutes(count * 60) }
    /// Periods of 24 hours, which are not calendar days where clocks change.
    package static func days(_ count: Int64) -> Self { .hours(count * 24) }

    package var seconds: Int64 { microseconds.dividedDown(by: 1_000_000) }

    package static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }
}

extension Instant: CustomStringConvertible {
    /// ISO 8601 in UTC with `Z`; the fraction has 0 or 3 digits, cut off below.
    package var description: String { LocalDateTime(utc: self).description + "Z" }
}

extension Instant: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let parsed = TimestampText(text), let offset = parsed.offsetSeconds else {
            throw InvalidValue("must be an instant such as 2026-03-01T09:30:00Z")
        }
        self = parsed.local.instant(offsetSeconds: offset)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Instant: WireScalar {
    package static var wireType: WireType {
        WireType(
            .string, format: "date-time", example: "2026-03-01T04:00:00Z", isMoment: true,
            text: "An instant. Responses give UTC with Z; requests may name any offset, as +05:30 or +0530.")
    }
    package static var sample: Self { Self(seconds: 1_772_337_600) }
}

extension Int64 {
    /// Division that rounds towards minus infinity, as calendars need.
    package func dividedDown(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
