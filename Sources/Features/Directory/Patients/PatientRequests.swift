import CareSyncCore
import Identity
import JSONCoding
import WebAPI

/// `isActive`, which the published client sends as well, is not used: an administrator decides it.
struct UpdatePatientRequest: Codable, Sendable, Validated, Documented {
    var firstName: String?
    var lastName: String?
    var dateOfBirth: Patch<String>
    var contactInfo: Patch<String>
    var illnessDetails: Patch<String>
    var email: String?
    /// The token of the new address's verification; then only that verification counts.
    var verificationToken: String?
    var gender: Patch<String>
    var bloodGroup: Patch<String>

    static let notes: [String: FieldNote] = [
        "dateOfBirth": "The day of birth; `null` or an empty text clears it.",
        "contactInfo": "How to reach the patient; `null` or an empty text clears it.",
        "illnessDetails": "The patient's own description; `null` or an empty text clears it.",
        "email": "Another address than the present one has to be verified first.",
    ]

    static let rules: [Rule<Self>] = [
        .content("firstName", \.firstName, .name, 100), .content("lastName", \.lastName, .name, 100),
        .day("dateOfBirth", \.dateOfBirth.value),
        Rule("dateOfBirth", .described("Not before 1900 and not in the future.")) { request in
            (request.dateOfBirth.day.value?.year ?? 1900) < 1900 ? "must not be before 1900" : nil
        },
        .text("contactInfo", \.contactInfo.value, .line, ContactInfoRequest.longest),
        .text("illnessDetails", \.illnessDetails.value, .paragraph, IllnessRequest.longest),
        .email("email", \.email), .maxLength("verificationToken", \.verificationToken, 200),
        .text("gender", \.gender.value, .line, 20), .text("bloodGroup", \.bloodGroup.value, .line, 10),
    ]

    var change: PatientChange {
        PatientChange(
            firstName: firstName.map(TextSort.trimmed), lastName: lastName.map(TextSort.trimmed),
            dateOfBirth: dateOfBirth.day, contactInfo: contactInfo.contact, illnessDetails: illnessDetails.text,
            gender: gender.text, bloodGroup: bloodGroup.text)
    }

    var newEmail: NewEmail? { NewEmail(email, verificationToken: verificationToken) }
}

/// The published client sends the text in the query; a body, which no log of addresses keeps, is preferred.
struct IllnessRequest: Codable, Sendable, Validated, OptionalBody {
    var illnessDetails: Patch<String>

    static let longest = 1000

    static let rules: [Rule<Self>] = [.text("illnessDetails", \.illnessDetails.value, .paragraph, longest)]
}

struct IllnessParameters: Codable, Sendable, Validated, Documented {
    var id: PatientID
    var illnessDetails: String?

    static let notes: [String: FieldNote] = ["illnessDetails": "Used when the body has none."]

    static let rules: [Rule<Self>] = [
        .text("illnessDetails", \.illnessDetails, .paragraph, IllnessRequest.longest)
    ]
}

struct ContactInfoRequest: Codable, Sendable, Validated, OptionalBody {
    var contactInfo: Patch<String>

    static let longest = 200

    static let rules: [Rule<Self>] = [.text("contactInfo", \.contactInfo.value, .line, longest)]
}

struct ContactInfoParameters: Codable, Sendable, Validated, Documented {
    var id: PatientID
    var contactInfo: String?

    static let notes: [String: FieldNote] = ["contactInfo": "Used when the body has none."]

    static let rules: [Rule<Self>] = [.text("contactInfo", \.contactInfo, .line, ContactInfoRequest.longest)]
}

struct PatientPictureParameters: Codable, Sendable, Validated, Documented {
    var id: PatientID
    var imageUrl: String

    static let notes = PictureParameters.notes

    static let rules: [Rule<Self>] = [.maxLength("imageUrl", \.imageUrl, LinkPolicy.longest)]
}

struct PatientListParameters: Codable, Sendable, PagedParameters, Documented {
    var q: String?
    var page: Int?
    var size: Int?

    static let rules: [Rule<Self>] = [.maxLength("q", \.q, 100)] + Rule.paging

    static let notes: [String: FieldNote] = ["q": "Whole words of the patient's name, in any order and case."]
}

struct IllnessSearchParameters: Codable, Sendable, PagedParameters, Documented {
    var illnessKeyword: String
    var page: Int?
    var size: Int?

    static let rules: [Rule<Self>] =
        [.text("illnessKeyword", \.illnessKeyword, .line, 100)] + Rule.paging

    static let notes: [String: FieldNote] = [
        "illnessKeyword": "A part of what the patient says of their illnesses, in any case."
    ]
}
