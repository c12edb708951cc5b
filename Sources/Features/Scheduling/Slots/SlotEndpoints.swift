import CareSyncCore
import WebAPI

struct SlotParameters: Codable, Sendable {
    var doctorId: DoctorID
    var date: LocalDate
}

struct SlotAvailabilityResponse: WireResponse {
    let availableSlots: [LocalTime]
    let onLeave: Bool
    let leaveMessage: String?
    let leaveEndDate: LocalDate?
    /// What the clinic is closed for on that day.
    let holidayName: String?

    init(_ day: SlotService.Day) {
        availableSlots = day.slots.map(\.time.time)
        onLeave = day.leaveEnd != nil
        leaveMessage = day.leaveEnd.map { "The doctor is on leave until \($0)." }
        leaveEndDate = day.leaveEnd
        holidayName = day.holiday
    }
}

struct SlotEndpoints: Sendable {
    let slots: SlotService

    var all: [Endpoint] {
        [
            .get(
                "/api/appointments/available-slots", "Free slots of a doctor on a day", access: .signedIn,
                fails: SchedulingError.self, use: availableSlots)
        ]
    }

    func availableSlots(_ call: Call<SlotParameters, NoBody>) async throws -> SlotAvailabilityResponse {
        let principal = try call.principal
        let patient = principal.role == .patient ? try principal.requirePatient() : nil
        let date = call.parameters.date
        let days = try await slots.days(from: date, to: date, of: call.parameters.doctorId, for: patient)
        guard let day = days.first else { throw Problem.fault }
        return SlotAvailabilityResponse(day)
    }
}
