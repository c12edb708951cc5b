import CareSyncCore
import FeatureContract
import Persistence

/// A doctor with the account and the ratings: one row of doctors and users joined.
struct Doctor: RowDecodable {
    let id: DoctorID
    let username: String
    let email: String
    let role: Role
    let isActive: Bool
    let firstName: String
    let lastName: String
    let specialization: String?
    let profileImageURL: String?
    let contactInfo: String?
    let gender: String?
    let dateOfBirth: LocalDate?
    let fee: Money?
    let address: String?
    /// Joined by commas, without blanks around them.
    let languages: String?
    let isVerified: Bool
    let experienceCount: Int
    let educationCount: Int
    let certificateCount: Int
    let reviewCount: Int
    let averageRating: Double
    let paymentPolicy: PaymentPolicy
    let cancellationTerms: CancellationTerms
    private let changes: Int64

    /// In the order in which `init(row:)` reads them.
    static let columns: SQL = """
        d.id, u.username, u.email, u.role, d.is_active, d.first_name, d.last_name, d.specialization,
        d.profile_image_url, d.contact_info, d.gender, d.date_of_birth, d.consultation_fee, d.address, d.languages,
        d.is_verified, d.experience_count, d.education_count, d.certificate_count,
        d.review_count, d.average_rating, \(PaymentPolicy.column) AS payment_policy, d.cancellation_terms,
        d.version
        """

    static let tables: SQL = "doctors d JOIN users u ON u.id = d.id"

    init(row: Row) throws {
        id = try row.value("id")
        username = try row.value("username")
        email = try row.value("email")
        role = try row.value("role")
        isActive = try row.value("is_active")
        firstName = try row.value("first_name")
        lastName = try row.value("last_name")
        specialization = try row.value("specialization")
        profileImageURL = try row.value("profile_image_url")
        contactInfo = try row.value("contact_info")
        gender = try row.value("gender")
        dateOfBirth = try row.value("date_of_birth")
        fee = try row.value("consultation_fee")
        address = try row.value("address")
        languages = try row.value("languages")
        isVerified = try row.value("is_verified")
        experienceCount = try row.value("experience_count")
        educationCount = try row.value("education_count")
        certificateCount = try row.value("certificate_count")
        reviewCount = try row.value("review_count")
        averageRating = try row.value("average_rating")
        paymentPolicy = try row.value("payment_policy")
        cancellationTerms = CancellationTerms(stored: try row.value("cancellation_terms"))
        changes = try row.value("version")
    }

    /// Another one after every change of the profile, the address included.
    var version: String { "\(changes)" }

    /// Whether patients see and may book the doctor.
    var isBookable: Bool { isActive && isVerified }

    /// An average with two decimals, as it is shown, sorted and filtered by.
    static func shown(rating: Double) -> Double { (rating * 100).rounded() / 100 }

    var hasQualifications: Bool { experienceCount > 0 || educationCount > 0 || certificateCount > 0 }

    /// How much of the profile is filled in, of 100 (rules/profiles 1).
    var completion: Int {
        var sum = 0
        if contactInfo.isFilled && gender.isFilled { sum += 20 }
        if specialization.isFilled && fee != nil && languages.isFilled { sum += 20 }
        if address.isFilled { sum += 10 }
        if profileImageURL.isFilled { sum += 10 }
        if experienceCount > 0 { sum += 20 }
        if educationCount > 0 { sum += 20 }
        return sum
    }
}

extension String? {
    /// Whether the text exists and is not empty.
    var isFilled: Bool {
        if let self { !self.isEmpty } else { false }
    }
}

/// A doctor with what is told of the career.
struct DoctorProfile: Sendable {
    let doctor: Doctor
    let qualifications: Qualifications
}

enum DoctorError: FailureCatalogue, CaseIterable {
    case notFound

    var problem: Problem {
        switch self {
        case .notFound: Problem(.notFound, "DOCTOR_NOT_FOUND", "There is no such doctor.")
        }
    }
}
