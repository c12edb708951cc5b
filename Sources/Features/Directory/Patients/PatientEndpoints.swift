import CareSyncCore
import Persistence
import WebAPI

struct PatientEndpoints: Sendable {
    let patients: PatientService

    private static let failures: [PatientError] = [.notFound, .doctorNotVerified]

    var all: [Endpoint] {
        let everyone: Access = .roles([.patient, .doctor, .admin])
        return [
            .get(
                "/api/patients", "Patients",
                """
                Doctors, the patients they treat; administrators, all, without illness details. By id. Everybody shown \
                gets a line in their access log.
                """,
                access: .roles([.doctor, .admin]), fails: [PatientError.doctorNotVerified], use: list),
            .get(
                "/api/patients/illness/{illnessKeyword}", "My patients with an illness",
                "Doctors, among the patients they treat. By id.", access: .role(.doctor),
                fails: [PatientError.doctorNotVerified], settings: .expensive, use: listWithIllness),
            .get(
                "/api/patients/username/{username}", "A patient by user name",
                """
                Patients, themselves; doctors, a patient they may see; administrators, without illness details unless \
                they have opened the patient's data.
                """,
                access: everyone, fails: Self.failures, use: findNamed),
            .get(
                "/api/patients/profile/{username}", "A patient's profile by user name",
                """
                Patients, themselves; doctors, a patient they may see; administrators, without illness details unless \
                they have opened the patient's data.
                """,
                access: everyone, fails: Self.failures, use: findNamed),
            .get(
                "/api/patients/{id}", "A patient", "Patients, themselves; doctors, a patient they may see.",
                access: .roles([.patient, .doctor]), subject: .patient("id"), fails: Self.failures, use: find),
        ]
    }

    func list(_ request: EndpointRequest<PatientListParameters, NoBody>) async throws -> PagedResponse<PatientResponse>
    {
        let found = try await patients.list(
            named: request.parameters.q, request.parameters.request, for: request.principal, by: request.origin)
        return PagedResponse(found.map(PatientResponse.init))
    }

    func listWithIllness(_ request: EndpointRequest<IllnessSearchParameters, NoBody>) async throws -> PagedResponse<
        PatientResponse
    > {
        let found = try await patients.list(
            withIllness: request.parameters.illnessKeyword, request.parameters.request, for: request.principal,
            by: request.origin)
        return PagedResponse(found.map(PatientResponse.init))
    }

    func find(_ request: EndpointRequest<IDPath<PatientTag>, NoBody>) async throws -> PatientResponse {
        PatientResponse(
            try await patients.find(request.parameters.id, for: request.principal, by: request.origin))
    }

    func findNamed(_ request: EndpointRequest<UsernamePath, NoBody>) async throws -> PatientResponse {
        PatientResponse(
            try await patients.find(
                username: request.parameters.username, for: request.principal, by: request.origin))
    }
}
