import CareSyncCore
import WebAPI

struct HolidayBody: WireValue, Equatable, Validated, Documented {
    var date: LocalDate
    var name: String

    /// The list they stand in checks them.
    static let rules: [Rule<Self>] = [Rule("name", .length(minimum: 1, maximum: 100)) { _ in nil }]
    static let notes: [String: FieldNote] = ["name": FieldNote("What is celebrated.", example: "Diwali")]
}

struct HolidayParameters: Codable, Sendable, Validated {
    var year: Int?

    static let rules: [Rule<Self>] = [.range("year", \.year, 1...9999)]
}

/// The days on which the clinic is closed; with a year only that year's list is replaced.
struct ReplaceHolidaysRequest: Codable, Sendable, Validated {
    var year: Int?
    var holidays: [HolidayBody]

    static let most = 500

    static let rules: [Rule<Self>] = [
        .range("year", \.year, 1...9999),
        Rule("holidays", .items(minimum: 0, maximum: most)) { _ in nil },
        Rule("holidays", .described("at most \(most) different days, with names of 1 to 100 characters")) {
            mistake($0)
        },
    ]

    private static func mistake(_ request: ReplaceHolidaysRequest) -> String? {
        let holidays = request.holidays
        if holidays.count > most { return "must have at most \(most) days" }
        let names = holidays.lazy.map(\.name)
        if names.contains(where: { TextSort.content(of: $0) == nil }) { return "must have a name for each day" }
        if let complaint = names.compactMap({ TextSort.name.complaint($0, limit: 100) }).first {
            return "has a name that \(complaint)"
        }
        if Set(holidays.map(\.date)).count < holidays.count { return "must name each day once" }
        if let year = request.year, holidays.contains(where: { $0.date.year != year }) {
            return "must lie in the year \(year)"
        }
        return nil
    }
}

struct HolidaysResponse: WireResponse {
    let holidays: [HolidayBody]
    /// Appointments that remain on these days.
    let affectedAppointments: Int
}

struct HolidayEndpoints: Sendable {
    let holidays: HolidayService

    var all: [Endpoint] {
        [
            .get(
                "/api/clinic/holidays", "Days on which the clinic is closed",
                "Any account. Of one year, or all.", access: .signedIn, use: list),
            .put(
                "/api/clinic/holidays", "Replace the holidays of a year, or all of them",
                "Administrators. Booked appointments stay, and the response counts them.", access: .role(.admin),
                use: replace),
        ]
    }

    func list(_ request: EndpointRequest<HolidayParameters, NoBody>) async throws -> [HolidayBody] {
        Self.bodies(try await holidays.list(year: request.parameters.year))
    }

    func replace(_ request: EndpointRequest<NoParameters, ReplaceHolidaysRequest>) async throws -> HolidaysResponse {
        let replaced = try await holidays.replace(
            request.body.holidays.map { Holiday(date: $0.date, name: TextSort.trimmed($0.name)) },
            year: request.body.year,
            origin: request.origin)
        return HolidaysResponse(
            holidays: Self.bodies(replaced.holidays), affectedAppointments: replaced.affected)
    }

    private static func bodies(_ holidays: [Holiday]) -> [HolidayBody] {
        holidays.map { HolidayBody(date: $0.date, name: $0.name) }
    }
}
