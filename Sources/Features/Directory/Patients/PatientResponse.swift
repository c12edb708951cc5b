import CareSyncCore
import Identity
import WebAPI

/// A patient on the wire: `PatientDto` of the published API.
struct PatientResponse: WireResponse {
    let id: PatientID
    let username: String
    let email: String
    let role: Role
    let firstName: String
    let lastName: String
    let name: String
    let profileImageUrl: String?
    let dateOfBirth: LocalDate?
    let contactInfo: String?
    let illnessDetails: String?
    let gender: String?
    let bloodGroup: String?
    let isActive: Bool
    let completionPercentage: Int

    init(_ card: PatientCard, _ account: Account) {
        id = card.id
        username = account.username
        email = account.email
        role = .patient
        firstName = card.firstName
        lastName = card.lastName
        name = card.name
        profileImageUrl = card.profileImageURL
        dateOfBirth = card.dateOfBirth
        contactInfo = card.contactInfo
        illnessDetails = card.illnessDetails
        gender = card.gender
        bloodGroup = card.bloodGroup
        isActive = account.isActive
        completionPercentage = card.completion
    }
}
