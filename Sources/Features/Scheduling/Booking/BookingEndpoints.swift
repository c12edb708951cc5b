import CareSyncCore
import WebAPI

struct CreateAppointmentRequest: Codable, Sendable, Validated {
    var doctorId: DoctorID
    var appointmentDateTime: ClientDateTime
    var reason: String?

    static let rules: [Rule<Self>] = [.maxLength("reason", \.reason, 500)]
}

struct BookingEndpoints: Sendable {
    let booking: BookingService

    var all: [Endpoint] {
        [
            .post(
                "/api/appointments/patient/book", "Book a free slot", access: .role(.patient),
                fails: SchedulingError.self, use: book)
        ]
    }

    func book(_ call: Call<NoParameters, CreateAppointmentRequest>) async throws -> Once<PatientAppointmentResponse> {
        let reason = call.body.reason.flatMap { $0.isEmpty ? nil : $0 }
        let request = BookingService.Request(
            doctor: call.body.doctorId, time: call.body.appointmentDateTime, reason: reason)
        let outcome = try await booking.book(
            request, for: try call.principal.requirePatient(), by: call.origin,
            idempotency: try call.idempotency(response))
        return try Once.from(outcome, response)
    }

    @Sendable private func response(_ booked: BookingService.Booked) throws -> PatientAppointmentResponse {
        PatientAppointmentResponse(
            booked.appointment, doctor: booked.doctor, reason: booked.reason, zone: booking.zone)
    }
}
