import CareSyncCore
import Identity
import Persistence
import WebAPI

struct VerifyParameters: Codable, Sendable {
    var doctorId: DoctorID
    var verify: Bool?
    var affected: AffectedHandling?
}

struct DoctorPath: Codable, Sendable {
    var doctorId: DoctorID
}

struct UnverifyParameters: Codable, Sendable {
    var doctorId: DoctorID
    var affected: AffectedHandling?
}

struct VerificationResponse: WireResponse {
    let message: String
    let doctorId: DoctorID
    let isVerified: Bool
    /// The coming appointments of a doctor who is not verified, unpaid holds included: cancelled when that was asked for,
    /// otherwise kept.
    let affectedAppointments: Int
}

struct VerificationEndpoints: Sendable {
    let verification: VerificationService

    var all: [Endpoint] {
        [
            .put(
                "/api/admin/doctors/{doctorId}/verify", "Verify a doctor, or withdraw the verification",
                "Administrators. Only verified doctors can be booked and see patients. The doctor is told by mail.",
                access: .role(.admin), fails: [DoctorError.notFound], use: set),
            .post(
                "/api/admin/doctors/{doctorId}/verify", "Verify a doctor",
                "Administrators. Verifying a verified doctor changes nothing.", access: .role(.admin),
                fails: [DoctorError.notFound], use: verify
            ).deprecated(insteadUse: "PUT /api/admin/doctors/{doctorId}/verify"),
            .post(
                "/api/admin/doctors/{doctorId}/unverify", "Withdraw a doctor's verification",
                "Administrators. Nobody can book the doctor any more.", access: .role(.admin),
                fails: [DoctorError.notFound], use: unverify
            ).deprecated(insteadUse: "PUT /api/admin/doctors/{doctorId}/verify"),
        ]
    }

    func set(_ request: EndpointRequest<VerifyParameters, NoBody>) async throws -> VerificationResponse {
        let asked = request.parameters
        return try await set(
            asked.verify ?? true, asked.doctorId, asked.affected, request.principal, request.origin)
    }

    func verify(_ request: EndpointRequest<DoctorPath, NoBody>) async throws -> VerificationResponse {
        try await set(true, request.parameters.doctorId, nil, request.principal, request.origin)
    }

    func unverify(_ request: EndpointRequest<UnverifyParameters, NoBody>) async throws -> VerificationResponse {
        let asked = request.parameters
        return try await set(false, asked.doctorId, asked.affected, request.principal, request.origin)
    }

    private func set(
        _ isVerified: Bool, _ doctor: DoctorID, _ handling: AffectedHandling?, _ admin: Principal,
        _ origin: RequestOrigin
    ) async throws -> VerificationResponse {
        let affected = try await verification.set(
            isVerified, for: doctor, appointments: handling ?? .keep, by: admin, origin: origin)
        return VerificationResponse(
            message: isVerified ? "The doctor is verified." : "The doctor is no longer verified.", doctorId: doctor,
            isVerified: isVerified, affectedAppointments: affected)
    }
}
