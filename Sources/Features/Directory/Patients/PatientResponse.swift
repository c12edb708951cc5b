import CareSyncCore
import Identity
import WebAPI

/// The role of one of the shapes after sign-in, by which clients tell them apart.
enum PatientRole: String, Codable, Sendable, CaseIterable {
    case patient = "PATIENT"
}

/// A patient on the wire: `PatientDto` of the published API.
struct PatientResponse: WireResponse {
    let id: PatientID
    let username: String
    let email: String
    let role: PatientRole
    /// With the other sealed fields `null` in a list when the patient's key is lost.
    let firstName: String?
    let lastName: String?
    let name: String?
    let profileImageUrl: String?
    let dateOfBirth: LocalDate?
    let contactInfo: String?
    let illnessDetails: String?
    let gender: String?
    let bloodGroup: String?
    let isActive: Bool
    let completionPercentage: Int

    init(_ card: PatientCard, _ account: Account) {
        self.init(account.id, account.username, account.email, account.isActive, card, showsClinical: true)
    }

    init(_ record: PatientRecord) {
        self.init(
            UserID(record.id), record.username, record.email, record.isActive, record.card,
            showsClinical: record.showsClinical)
    }

    private init(
        _ id: UserID, _ username: String, _ email: String, _ isActive: Bool, _ card: PatientCard?, showsClinical: Bool
    ) {
        self.id = PatientID(id)
        self.username = username
        self.email = email
        role = .patient
        firstName = card?.firstName
        lastName = card?.lastName
        name = card?.name
        profileImageUrl = card?.profileImageURL
        dateOfBirth = card?.dateOfBirth
        contactInfo = card?.contactInfo
        illnessDetails = showsClinical ? card?.illnessDetails : nil
        gender = card?.gender
        bloodGroup = card?.bloodGroup
        self.isActive = isActive
        completionPercentage = card?.completion ?? 0
    }
}
