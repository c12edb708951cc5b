import CareSyncCore
import WebAPI

extension Experience: QualificationList {
    static let segment = "experiences"
    static let noun = "an experience"

    static func response(_ entry: Experience) -> ExperienceResponse { ExperienceResponse(entry) }

    typealias AddRequest = AddExperienceRequest
    typealias ChangeRequest = ChangeExperienceRequest

    struct Path: EntryPath, Codable {
        var username: String
        var experienceId: QualificationID

        static let name = "experienceId"
        var entry: QualificationID { experienceId }
    }
}

extension Education: QualificationList {
    static let segment = "educations"
    static let noun = "an education"

    static func response(_ entry: Education) -> EducationResponse { EducationResponse(entry) }

    typealias AddRequest = AddEducationRequest
    typealias ChangeRequest = ChangeEducationRequest

    struct Path: EntryPath, Codable {
        var username: String
        var educationId: QualificationID

        static let name = "educationId"
        var entry: QualificationID { educationId }
    }
}

extension Certificate: QualificationList {
    static let segment = "certificates"
    static let noun = "a certificate"

    static func response(_ entry: Certificate) -> CertificateResponse { CertificateResponse(entry) }

    typealias AddRequest = AddCertificateRequest
    typealias ChangeRequest = ChangeCertificateRequest

    struct Path: EntryPath, Codable {
        var username: String
        var certificateId: QualificationID

        static let name = "certificateId"
        var entry: QualificationID { certificateId }
    }
}

extension AddExperienceRequest: EntryContent {}
extension AddEducationRequest: EntryContent {}
extension AddCertificateRequest: EntryContent {}
extension ChangeExperienceRequest: EntryChange {}
extension ChangeEducationRequest: EntryChange {}
extension ChangeCertificateRequest: EntryChange {}
