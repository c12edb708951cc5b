import CareSyncCore
import WebAPI

/// The role of one of the shapes after sign-in, by which clients tell them apart.
enum DoctorRole: String, Codable, Sendable, CaseIterable {
    case doctor = "DOCTOR"
}

/// A doctor on the wire: `DoctorDto` of the published API, statistics and lists always filled.
struct DoctorResponse: WireResponse {
    let id: DoctorID
    let username: String
    var email: String?
    let role: DoctorRole
    let firstName: String
    let lastName: String
    let name: String
    let specialization: String?
    let profileImageUrl: String?
    var contactInfo: String?
    let isActive: Bool
    let gender: String?
    /// Beyond the published shape: the published client shows the age.
    var dateOfBirth: LocalDate?
    let consultationFees: Money?
    let paymentPolicy: PaymentPolicy
    let cancellationTerms: [CancellationStepBody]
    let address: String?
    let languages: [String]?
    let experiences: [ExperienceResponse]
    let educations: [EducationResponse]
    let certificates: [CertificateResponse]
    let averageRating: Double
    let reviewCount: Int
    let isVerified: Bool
    let completionPercentage: Int
}

extension DoctorResponse {
    init(_ profile: DoctorProfile) {
        let (doctor, qualifications) = (profile.doctor, profile.qualifications)
        id = doctor.id
        username = doctor.username
        email = doctor.email
        role = .doctor
        firstName = doctor.firstName
        lastName = doctor.lastName
        name = doctor.firstName + " " + doctor.lastName
        specialization = doctor.specialization
        profileImageUrl = doctor.profileImageURL
        contactInfo = doctor.contactInfo
        isActive = doctor.isActive
        gender = doctor.gender
        dateOfBirth = doctor.dateOfBirth
        consultationFees = doctor.fee
        paymentPolicy = doctor.paymentPolicy
        cancellationTerms = CancellationStepBody.steps(of: doctor.cancellationTerms)
        address = doctor.address
        languages = doctor.languages.map { Languages.split($0) }
        experiences =
            doctor.experienceCount == 0
            ? [] : (qualifications.experiences[doctor.id] ?? []).map(ExperienceResponse.init)
        educations =
            doctor.educationCount == 0 ? [] : (qualifications.educations[doctor.id] ?? []).map(EducationResponse.init)
        certificates =
            doctor.certificateCount == 0
            ? [] : (qualifications.certificates[doctor.id] ?? []).map(CertificateResponse.init)
        averageRating = Doctor.shown(rating: doctor.averageRating)
        reviewCount = doctor.reviewCount
        isVerified = doctor.isVerified
        completionPercentage = doctor.completion
    }

    /// What a visitor without an account may see.
    var forVisitors: DoctorResponse {
        var reduced = self
        reduced.email = nil
        reduced.contactInfo = nil
        reduced.dateOfBirth = nil
        return reduced
    }
}

/// The column keeps languages joined by commas.
enum Languages {
    static func split(_ column: String) -> [String] {
        // Byte by byte: this runs for every doctor of a list, and a comma or a blank is never part of another character.
        column.utf8.split(separator: UInt8(ascii: ",")).compactMap { part in
            let blank = UInt8(ascii: " ")
            let start = part.drop { $0 == blank }
            guard let last = start.lastIndex(where: { $0 != blank }) else { return nil }
            return String(start[...last])
        }
    }

    static func join(_ languages: [String]) -> String {
        languages.map { TextSort.trimmed($0) }.joined(separator: ",")
    }

    /// Each language once, however it is written.
    static func distinct(_ languages: [String]) -> [String] {
        var keys: Set<String> = []
        return languages.map { TextSort.trimmed($0) }.filter { keys.insert(TextKey.folded($0)).inserted }
    }

    /// What searches look in: their keys, between commas.
    static func key(_ languages: [String]) -> String {
        languages.map(TextKey.folded).joined(separator: ",")
    }
}
