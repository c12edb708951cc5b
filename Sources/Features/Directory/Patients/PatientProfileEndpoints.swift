import CareSyncCore
import Identity
import JSONCoding
import WebAPI

struct PatientProfileEndpoints: Sendable {
    let profiles: PatientProfileService

    var all: [Endpoint] {
        [
            .put(
                "/api/patients/{id}/profile", "Change my profile",
                """
                Patients, their own. What is absent stays as it is; `null` clears what need not be there. Another e-mail \
                address needs a fresh verification and a proof of the last five minutes.
                """,
                access: .role(.patient), subject: .patient("id"), fails: [PatientError.erased],
                EmailChangeError.catalogue, use: change),
            .put(
                "/api/patients/{id}/illness-details", "Say what I suffer from",
                "Patients, their own. `null` clears it.", access: .role(.patient), subject: .patient("id"),
                fails: [PatientError.erased, .valueMissing], use: changeIllness),
            .put(
                "/api/patients/{id}/contact-info", "Say how to reach me", "Patients, their own. `null` clears it.",
                access: .role(.patient), subject: .patient("id"), fails: [PatientError.erased, .valueMissing],
                use: changeContact),
            .put(
                "/api/patients/{id}/profile-image", "Set my picture",
                "Patients, their own. The upload has set its address already; another one is refused.",
                access: .role(.patient),
                subject: .patient("id"), fails: [PatientError.erased], use: changePicture),
            .put(
                "/api/patients/profile/{username}/image", "Set my picture, by user name",
                "Patients, their own. The upload has set its address already; another one is refused.",
                access: .role(.patient),
                fails: [PatientError.erased], use: changeNamedPicture),
        ]
    }

    func change(_ request: EndpointRequest<IDPath<PatientTag>, UpdatePatientRequest>) async throws -> PatientResponse {
        let patient = try request.principal.requirePatient(request.parameters.id)
        return PatientResponse(
            try await profiles.change(
                request.body.change, email: request.body.newEmail, of: patient, by: request.origin))
    }

    func changeIllness(_ request: EndpointRequest<IllnessParameters, IllnessRequest>) async throws -> PatientResponse {
        let patient = try request.principal.requirePatient(request.parameters.id)
        let text = try Self.value(request.body.illnessDetails, else: request.parameters.illnessDetails)
        return PatientResponse(
            try await profiles.change(PatientChange(illnessDetails: text.text), of: patient, by: request.origin))
    }

    func changeContact(
        _ request: EndpointRequest<ContactInfoParameters, ContactInfoRequest>
    ) async throws -> PatientResponse {
        let patient = try request.principal.requirePatient(request.parameters.id)
        let text = try Self.value(request.body.contactInfo, else: request.parameters.contactInfo)
        return PatientResponse(
            try await profiles.change(PatientChange(contactInfo: text.contact), of: patient, by: request.origin))
    }

    func changePicture(_ request: EndpointRequest<PatientPictureParameters, NoBody>) async throws -> PatientResponse {
        let patient = try request.principal.requirePatient(request.parameters.id)
        return PatientResponse(
            try await profiles.confirmPicture(request.parameters.imageUrl, of: patient))
    }

    func changeNamedPicture(_ request: EndpointRequest<PictureParameters, NoBody>) async throws -> PatientResponse {
        let principal = try request.principal
        let patient = try principal.requirePatient()
        guard principal.isNamed(request.parameters.username) else { throw Problem.accessDenied }
        return PatientResponse(
            try await profiles.confirmPicture(request.parameters.imageUrl, of: patient))
    }

    private static func value(_ body: Patch<String>, else parameter: String?) throws -> Patch<String> {
        if body.isPresent { return body }
        guard let parameter else { throw PatientError.valueMissing }
        return .value(parameter)
    }
}
