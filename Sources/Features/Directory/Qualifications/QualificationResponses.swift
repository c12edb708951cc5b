import CareSyncCore
import WebAPI

struct ExperienceResponse: WireResponse {
    let id: QualificationID
    let hospitalName: String
    let position: String
    let yearsOfService: Int
    let details: String?

    init(_ experience: Experience) {
        id = experience.id
        hospitalName = experience.content.hospitalName
        position = experience.content.position
        yearsOfService = experience.content.yearsOfService
        details = experience.content.details
    }
}

struct EducationResponse: WireResponse {
    let id: QualificationID
    let degree: String
    let institution: String
    let yearOfCompletion: Int
    let details: String?

    init(_ education: Education) {
        id = education.id
        degree = education.content.degree
        institution = education.content.institution
        yearOfCompletion = education.content.yearOfCompletion
        details = education.content.details
    }
}

struct CertificateResponse: WireResponse, Documented {
    let id: QualificationID
    let name: String
    let url: String
    let details: String?
    let issuingOrganization: String?
    let issueDate: LocalDate?
    let expiryDate: LocalDate?
    let credentialId: String?
    let credentialUrl: String?

    static let notes: [String: FieldNote] = ["name": "What it certifies."]

    init(_ certificate: Certificate) {
        let content = certificate.content
        id = certificate.id
        name = content.name
        url = content.url
        details = content.details
        issuingOrganization = content.issuingOrganization
        issueDate = content.issueDate
        expiryDate = content.expiryDate
        credentialId = content.credentialID
        credentialUrl = content.credentialURL
    }
}
