import CareSyncCore
import Identity
import JSONCoding
import WebAPI

/// `isActive` and `profileImageUrl`, which the published client sends as well, are not used: an administrator decides the
/// one, an upload the other.
struct UpdateDoctorRequest: Codable, Sendable, Validated, Documented {
    var firstName: String?
    var lastName: String?
    var specialization: String?
    var contactInfo: String?
    var email: String?
    /// The token of the new address's verification; then only that verification counts.
    var verificationToken: String?
    var gender: String?
    var consultationFees: Money?
    var address: String?
    var languages: [String]?

    static let notes: [String: FieldNote] = [
        "contactInfo": "A telephone number; an empty text clears it.",
        "email": "Another address than the present one has to be verified first.",
        "address": "The postal address; an empty text clears it.",
        "languages": "Replaces the languages; an empty list clears them.",
    ]

    static let mostLanguages = 20
    private static let highestFee = Money(minorUnits: 100_000_000)

    static let rules: [Rule<Self>] = [
        .content("firstName", \.firstName, .name, 50), .content("lastName", \.lastName, .name, 50),
        .text("specialization", \.specialization, .line, 100), .text("contactInfo", \.contactInfo, .line, 100),
        .email("email", \.email), .maxLength("verificationToken", \.verificationToken, 200),
        .text("gender", \.gender, .line, 20), .text("address", \.address, .line, 255),
        Rule("consultationFees", .range(minimum: 0, maximum: 1_000_000)) { request in
            guard let fee = request.consultationFees else { return nil }
            return fee >= .zero && fee <= highestFee ? nil : "must be from 0 to 1000000"
        },
        Rule("languages", .items(minimum: nil, maximum: mostLanguages)) { request in
            (request.languages?.count ?? 0) <= mostLanguages ? nil : "must have at most \(mostLanguages) entries"
        },
        Rule("languages", .described("Each of 1 to 50 characters, without a comma.")) { request in
            request.languages?.lazy.compactMap(languageComplaint).first
        },
    ]

    private static func languageComplaint(_ language: String) -> String? {
        if let complaint = TextSort.name.complaint(language, limit: 50, needsContent: true) { return complaint }
        return language.utf8.contains(UInt8(ascii: ",")) ? "must not contain a comma" : nil
    }

    var change: DoctorChange {
        DoctorChange(
            firstName: firstName.map(TextSort.trimmed), lastName: lastName.map(TextSort.trimmed),
            specialization: Self.patch(specialization, TextSort.content),
            contactInfo: Self.patch(contactInfo, TextSort.contact), gender: Self.patch(gender, TextSort.content),
            address: Self.patch(address, TextSort.content), fee: consultationFees,
            languages: languages.map(Languages.distinct))
    }

    /// `null` leaves a doctor's field as it is; an empty text clears it.
    private static func patch(_ text: String?, _ content: (String?) -> String?) -> Patch<String> {
        guard let text else { return .absent }
        return content(text).map { .value($0) } ?? .null
    }

    var newEmail: NewEmail? { NewEmail(email, verificationToken: verificationToken) }
}

struct PictureParameters: Codable, Sendable, Validated, Documented {
    var username: String
    var imageUrl: String

    static let notes: [String: FieldNote] = ["imageUrl": "The address of a picture that was uploaded here."]

    static let rules: [Rule<Self>] = [.maxLength("imageUrl", \.imageUrl, LinkPolicy.longest)]
}

struct DoctorProfileEndpoints: Sendable {
    let profiles: DoctorProfileService

    var all: [Endpoint] {
        [
            .put(
                "/api/doctors/profile/{username}", "Change my profile",
                """
                Doctors, their own. What is absent or `null` stays as it is. Another e-mail address needs a fresh \
                verification and a proof of the last five minutes.
                """,
                access: .role(.doctor), fails: EmailChangeError.catalogue, DoctorProfileError.catalogue, use: change),
            .put(
                "/api/doctors/profile/{username}/image", "Set my picture",
                "Doctors, their own. The upload has set its address already; another one is refused.",
                access: .role(.doctor),
                use: changePicture),
        ]
    }

    func change(_ request: EndpointRequest<UsernamePath, UpdateDoctorRequest>) async throws -> VersionedResponse<
        DoctorResponse
    > {
        let doctor = try request.principal.requireDoctor(named: request.parameters.username)
        let metadata = request.metadata
        let profile = try await profiles.change(
            request.body.change, email: request.body.newEmail, of: doctor, by: request.origin
        ) { metadata.admitsChange(ofVersion: $0) }
        return VersionedResponse(DoctorResponse(profile), version: profile.doctor.version)
    }

    func changePicture(_ request: EndpointRequest<PictureParameters, NoBody>) async throws -> DoctorResponse {
        let doctor = try request.principal.requireDoctor(named: request.parameters.username)
        return DoctorResponse(
            try await profiles.confirmPicture(request.parameters.imageUrl, of: doctor))
    }
}
