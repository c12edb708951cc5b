import CareSyncCore
import Persistence
import WebAPI

struct VerifyParameters: Codable, Sendable {
    var doctorId: DoctorID
    var verify: Bool?
}

struct DoctorPath: Codable, Sendable {
    var doctorId: DoctorID
}

struct VerificationResponse: WireResponse {
    let message: String
    let doctorId: DoctorID
    let isVerified: Bool
}

struct VerificationEndpoints: Sendable {
    let verification: VerificationService

    var all: [Endpoint] {
        [
            .put(
                "/api/admin/doctors/{doctorId}/verify", "Verify a doctor, or withdraw that",
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
        try await set(request.parameters.verify ?? true, request.parameters.doctorId, request.principal, request.origin)
    }

    func verify(_ request: EndpointRequest<DoctorPath, NoBody>) async throws -> VerificationResponse {
        try await set(true, request.parameters.doctorId, request.principal, request.origin)
    }

    func unverify(_ request: EndpointRequest<DoctorPath, NoBody>) async throws -> VerificationResponse {
        try await set(false, request.parameters.doctorId, request.principal, request.origin)
    }

    private func set(
        _ isVerified: Bool, _ doctor: DoctorID, _ admin: Principal, _ origin: RequestOrigin
    ) async throws -> VerificationResponse {
        try await verification.set(isVerified, for: doctor, by: admin, origin: origin)
        return VerificationResponse(
            message: isVerified ? "The doctor is verified." : "The doctor is no longer verified.", doctorId: doctor,
            isVerified: isVerified)
    }
}
