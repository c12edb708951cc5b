import CareSyncCore
import JSONCoding
import WebAPI

struct AddExperienceRequest: Codable, Sendable, Validated {
    var hospitalName: String
    var position: String
    var yearsOfService: Int
    var details: String?

    static let rules: [Rule<Self>] = [
        .text("hospitalName", \.hospitalName, .name, 255), .text("position", \.position, .line, 255),
        .range("yearsOfService", \.optionalYears, 0...80), .text("details", \.details, .paragraph, 255),
    ]

    private var optionalYears: Int? { yearsOfService }

    var content: NewExperience {
        NewExperience(
            hospitalName: TextSort.trimmed(hospitalName), position: TextSort.trimmed(position),
            yearsOfService: yearsOfService, details: TextSort.content(of: details))
    }
}

struct ChangeExperienceRequest: Codable, Sendable, Validated {
    var hospitalName: String?
    var position: String?
    var yearsOfService: Int?
    var details: Patch<String>

    static let rules: [Rule<Self>] = [
        .content("hospitalName", \.hospitalName, .name, 255), .content("position", \.position, .line, 255),
        .range("yearsOfService", \.yearsOfService, 0...80), .text("details", \.details.value, .paragraph, 255),
    ]

    func apply(to content: inout NewExperience) {
        hospitalName.map { content.hospitalName = TextSort.trimmed($0) }
        position.map { content.position = TextSort.trimmed($0) }
        yearsOfService.map { content.yearsOfService = $0 }
        content.details = details.text.applied(to: content.details)
    }
}

struct AddEducationRequest: Codable, Sendable, Validated {
    var degree: String
    var institution: String
    var yearOfCompletion: Int
    var details: String?

    static let rules: [Rule<Self>] = [
        .text("degree", \.degree, .line, 255), .text("institution", \.institution, .name, 255),
        EducationYears.rule(\.optionalYear),
        .text("details", \.details, .paragraph, 255),
    ]

    private var optionalYear: Int? { yearOfCompletion }

    var content: NewEducation {
        NewEducation(
            degree: TextSort.trimmed(degree), institution: TextSort.trimmed(institution),
            yearOfCompletion: yearOfCompletion, details: TextSort.content(of: details))
    }
}

struct ChangeEducationRequest: Codable, Sendable, Validated {
    var degree: String?
    var institution: String?
    var yearOfCompletion: Int?
    var details: Patch<String>

    static let rules: [Rule<Self>] = [
        .content("degree", \.degree, .line, 255), .content("institution", \.institution, .name, 255),
        EducationYears.rule(\.yearOfCompletion),
        .text("details", \.details.value, .paragraph, 255),
    ]

    func apply(to content: inout NewEducation) {
        degree.map { content.degree = TextSort.trimmed($0) }
        institution.map { content.institution = TextSort.trimmed($0) }
        yearOfCompletion.map { content.yearOfCompletion = $0 }
        content.details = details.text.applied(to: content.details)
    }
}

enum EducationYears {
    static let first = 1900

    /// The end moves with the clock: the service knows it.
    static func rule<Root>(_ year: any Rule<Root>.Path<Int?>) -> Rule<Root> {
        Rule("yearOfCompletion", .range(minimum: Int64(first), maximum: nil)) { root in
            root[keyPath: year].flatMap { $0 >= first ? nil : "must be from \(first) to ten years from now" }
        }
    }
}

struct AddCertificateRequest: Codable, Sendable, Validated, Documented {
    var name: String
    var url: String
    var details: String?
    var issuingOrganization: String?
    var issueDate: String?
    var expiryDate: String?
    var credentialId: String?
    var credentialUrl: String?

    static let notes: [String: FieldNote] = ["name": "What it certifies."]

    static let rules: [Rule<Self>] = [
        .text("name", \.name, .line, 255), .text("url", \.url, .line, LinkPolicy.longest),
        .text("details", \.details, .paragraph, 255),
        .text("issuingOrganization", \.issuingOrganization, .line, 255),
        .day("issueDate", \.issueDate), .day("expiryDate", \.expiryDate),
        .text("credentialId", \.credentialId, .line, 255),
        .text("credentialUrl", \.credentialUrl, .line, LinkPolicy.longest),
    ]

    var content: NewCertificate {
        NewCertificate(
            name: TextSort.trimmed(name), url: TextSort.trimmed(url), details: TextSort.content(of: details),
            issuingOrganization: TextSort.content(of: issuingOrganization), issueDate: Self.day(issueDate),
            expiryDate: Self.day(expiryDate), credentialID: TextSort.content(of: credentialId),
            credentialURL: TextSort.content(of: credentialUrl))
    }

    private static func day(_ text: String?) -> LocalDate? {
        TextSort.content(of: text).flatMap { LocalDate(wire: $0) }
    }
}

struct ChangeCertificateRequest: Codable, Sendable, Validated, Documented {
    var name: String?
    var url: String?
    var details: Patch<String>
    var issuingOrganization: Patch<String>
    var issueDate: Patch<String>
    var expiryDate: Patch<String>
    var credentialId: Patch<String>
    var credentialUrl: Patch<String>

    static let notes: [String: FieldNote] = [
        "name": "What it certifies.",
        "url": "An address that begins with https. An address of this server changes nothing.",
    ]

    static let rules: [Rule<Self>] = [
        .content("name", \.name, .line, 255), .content("url", \.url, .line, LinkPolicy.longest),
        .text("details", \.details.value, .paragraph, 255),
        .text("issuingOrganization", \.issuingOrganization.value, .line, 255),
        .day("issueDate", \.issueDate.value), .day("expiryDate", \.expiryDate.value),
        .text("credentialId", \.credentialId.value, .line, 255),
        .text("credentialUrl", \.credentialUrl.value, .line, LinkPolicy.longest),
    ]

    func apply(to content: inout NewCertificate) {
        name.map { content.name = TextSort.trimmed($0) }
        url.map { content.url = TextSort.trimmed($0) }
        content.details = details.text.applied(to: content.details)
        content.issuingOrganization = issuingOrganization.text.applied(to: content.issuingOrganization)
        content.issueDate = issueDate.day.applied(to: content.issueDate)
        content.expiryDate = expiryDate.day.applied(to: content.expiryDate)
        content.credentialID = credentialId.text.applied(to: content.credentialID)
        content.credentialURL = credentialUrl.text.applied(to: content.credentialURL)
    }
}
