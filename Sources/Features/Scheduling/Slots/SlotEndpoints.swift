import CareSyncCore
import WebAPI

struct SlotParameters: Codable, Sendable, Validated, Documented {
    var doctorId: DoctorID
    var date: LocalDate
    /// How many days to list, beginning with the date; none when absent.
    var days: Int?

    static let rules: [Rule<Self>] = [.range("days", \.days, 1...31)]

    static let notes: [String: FieldNote] = [
        "days": "How many days from the date on are listed one by one; none when it is missing."
    ]
}

/// One day of several.
struct SlotDayBody: WireValue {
    let date: LocalDate
    let availableSlots: [LocalTime]
    let onLeave: Bool
    let leaveEndDate: LocalDate?
    let holidayName: String?

    init(_ day: SlotService.Day) {
        date = day.date
        availableSlots = day.slots.map(\.time.time)
        onLeave = day.leaveEnd != nil
        leaveEndDate = day.leaveEnd
        holidayName = day.holiday
    }
}

struct SlotAvailabilityResponse: WireResponse {
    let availableSlots: [LocalTime]
    let onLeave: Bool
    let leaveMessage: String?
    let leaveEndDate: LocalDate?
    /// What the clinic is closed for on that day.
    let holidayName: String?
    /// The day and those that follow it, when several were asked for.
    let days: [SlotDayBody]?

    init(_ day: SlotService.Day, days: [SlotService.Day]?) {
        availableSlots = day.slots.map(\.time.time)
        onLeave = day.leaveEnd != nil
        leaveMessage = day.leaveEnd.map { "The doctor is on leave until \($0)." }
        leaveEndDate = day.leaveEnd
        holidayName = day.holiday
        self.days = days?.map(SlotDayBody.init)
    }
}

struct SlotEndpoints: Sendable {
    let slots: SlotService

    var all: [Endpoint] {
        [
            .get(
                "/api/appointments/available-slots", "Free slots of a doctor on a day, or on several",
                "Any account. What can be booked now; patients do not see times at which they are busy.",
                access: .signedIn, fails: [SchedulingError.doctorNotFound], use: availableSlots)
        ]
    }

    func availableSlots(_ request: EndpointRequest<SlotParameters, NoBody>) async throws -> SlotAvailabilityResponse {
        let principal = try request.principal
        let patient = principal.role == .patient ? try principal.requirePatient() : nil
        let (date, count) = (request.parameters.date, request.parameters.days)
        let days = try await slots.days(
            from: date, to: date.adding(days: (count ?? 1) - 1), of: request.parameters.doctorId, for: patient,
            use: principal.role == .patient ? .booking : .clinic)
        guard let day = days.first else { throw Problem.fault }
        return SlotAvailabilityResponse(day, days: count == nil ? nil : days)
    }
}
