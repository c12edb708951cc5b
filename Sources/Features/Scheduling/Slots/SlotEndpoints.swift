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

    init(_ day: SlotService.Day) {
        availableSlots = day.slots.map(\.time.time)
        onLeave = day.leaveEnd != nil
        leaveMessage = day.leaveEnd.map { "The doctor is on leave until \($0)." }
        leaveEndDate = day.leaveEnd
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
        let day = try await slots.day(call.parameters.date, of: call.parameters.doctorId, for: patient)
        return SlotAvailabilityResponse(day)
    }
}
