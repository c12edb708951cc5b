import CareSyncCore
import WebAPI

struct CreateAppointmentRequest: Codable, Sendable, Validated {
    var doctorId: DoctorID
    var appointmentDateTime: ClientDateTime
    var reason: String?

    static let rules: [Rule<Self>] = [.text("reason", \.reason, .paragraph, 500)]
}

struct EmergencyParameters: Codable, Sendable, Validated {
    var doctorId: DoctorID
    var reason: String?

    static let rules: [Rule<Self>] = [.text("reason", \.reason, .paragraph, 500)]
}

extension String {
    /// Without white space around it; `nil` when there is nothing else in it.
    var filled: String? { TextSort.content(of: self) }
}

/// The patient's view of an emergency, and whom to call.
struct EmergencyAppointmentResponse: WireResponse {
    let appointment: PatientAppointmentResponse
    let advice: String

    private enum CodingKeys: String, CodingKey { case advice }

    init(_ appointment: PatientAppointmentResponse, advice: String) {
        self.appointment = appointment
        self.advice = advice
    }

    /// The appointment's members and the advice are in one object.
    init(from decoder: any Decoder) throws {
        appointment = try PatientAppointmentResponse(from: decoder)
        advice = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .advice)
    }

    func encode(to encoder: any Encoder) throws {
        try appointment.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(advice, forKey: .advice)
    }
}

struct BookingEndpoints: Sendable {
    let booking: BookingService

    var all: [Endpoint] {
        [
            .post(
                "/api/appointments/patient/book", "Book a free slot",
                "Patients, for themselves. Where the doctor wants payment first, the slot is held until `heldUntil`.",
                access: .role(.patient), fails: SchedulingError.refusedBookings, use: book),
            .post(
                "/api/appointments/patient/book-emergency", "See a doctor now",
                """
                Patients, in an emergency. Takes the doctor's time from this minute on; whatever happens, the \
                response tells whom to call.
                """,
                access: .role(.patient),
                fails: [
                    SchedulingError.doctorNotFound, .doctorUnavailable, .doctorOnLeave("doctorId"),
                    .slotUnavailable([]), .patientInactive,
                ],
                // Whatever the failure, the answer tells whom to call.
                settings: EndpointSettings(advice: booking.context.settings.advice),
                use: bookEmergency),
        ]
    }

    func book(_ request: EndpointRequest<NoParameters, CreateAppointmentRequest>) async throws -> IdempotentResponse<
        PatientAppointmentResponse
    > {
        let order = try BookingOrder(
            .booking, doctor: request.body.doctorId, patient: try request.principal.requirePatient(),
            at: request.body.appointmentDateTime, reason: request.body.reason.flatMap(\.filled),
            zone: booking.context.zone)
        let outcome = try await booking.book(order, by: request.origin, idempotency: try request.idempotency(response))
        return try IdempotentResponse.from(outcome, response)
    }

    func bookEmergency(_ request: EndpointRequest<EmergencyParameters, NoBody>) async throws -> IdempotentResponse<
        EmergencyAppointmentResponse
    > {
        let outcome = try await booking.bookEmergency(
            doctor: request.parameters.doctorId, reason: request.parameters.reason.flatMap(\.filled),
            for: try request.principal.requirePatient(), by: request.origin,
            idempotency: try request.idempotency(emergencyResponse))
        return try IdempotentResponse.from(outcome, emergencyResponse)
    }

    @Sendable private func response(_ booked: BookingService.Booked) throws -> PatientAppointmentResponse {
        PatientAppointmentResponse(
            AppointmentService.ForPatient(
                appointment: booked.appointment, doctor: booked.doctor, reason: booked.reason, cancellationReason: nil),
            zone: booking.context.zone, now: booking.context.now)
    }

    @Sendable private func emergencyResponse(
        _ booked: BookingService.Booked
    ) throws -> EmergencyAppointmentResponse {
        EmergencyAppointmentResponse(try response(booked), advice: booking.context.settings.advice)
    }
}
