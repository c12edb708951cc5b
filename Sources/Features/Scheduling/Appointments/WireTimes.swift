import CareSyncCore
import WebAPI

/// An instant as appointments show it: in the clinic's offset of that day.
struct OffsetDateTime: Codable, Sendable, Equatable, WireScalar {
    private let text: String

    init(_ instant: Instant, zone: ClinicZone) {
        text = zone.text(instant)
    }

    private init(text: String) {
        self.text = text
    }

    init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    static let wireType = WireType(
        .string, format: "date-time", example: sample.text, isMoment: true,
        text: "An instant, in the clinic's offset of that day.")
    static let sample = OffsetDateTime(text: "2026-03-02T09:30:00+05:30")
}

/// When something was changed, as appointments show it: the clinic's wall clock to the second.
struct ClinicTimestamp: Codable, Sendable, Equatable, WireScalar {
    private let text: String

    init(_ instant: Instant, zone: ClinicZone) {
        text = zone.local(instant).spaced
    }

    private init(text: String) {
        self.text = text
    }

    init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    static let wireType = WireType(
        .string, pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$", example: sample.text,
        isMoment: true, text: "The clinic's wall clock, to the second.")
    static let sample = ClinicTimestamp(text: "2026-03-02 09:30:00")
}
