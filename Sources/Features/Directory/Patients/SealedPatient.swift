package import CareSyncCore
import Cryptography
package import Persistence

/// A row of `patients` as it is stored. A query selects ``columns`` from `patients` under the alias `p`, alone or
/// joined, and ``PatientVault/open(_:_:)-(SealedPatient,_)`` makes a card of it.
package struct SealedPatient: RowDecodable {
    package let id: PatientID
    let firstName: [UInt8]
    let lastName: [UInt8]
    let contactInfo: [UInt8]?
    let illnessDetails: [UInt8]?
    let dateOfBirth: [UInt8]?
    let gender: String?
    let bloodGroup: String?
    package let profileImageURL: String?

    package static let columns: SQL = """
        p.id AS patient_id, p.first_name AS patient_first_name, p.last_name AS patient_last_name,
        p.contact_info AS patient_contact_info, p.illness_details AS patient_illness_details,
        p.date_of_birth AS patient_date_of_birth, p.gender AS patient_gender, p.blood_group AS patient_blood_group,
        p.profile_image_url AS patient_profile_image_url
        """

    package init(row: Row) throws {
        id = try row.value("patient_id")
        firstName = try row.value("patient_first_name")
        lastName = try row.value("patient_last_name")
        contactInfo = try row.value("patient_contact_info")
        illnessDetails = try row.value("patient_illness_details")
        dateOfBirth = try row.value("patient_date_of_birth")
        gender = try row.value("patient_gender")
        bloodGroup = try row.value("patient_blood_group")
        profileImageURL = try row.value("patient_profile_image_url")
    }
}

/// A patient in clear. It stays in memory: it is health data, and is never logged or cached.
package struct PatientCard: Sendable, Equatable {
    package let id: PatientID
    package let firstName: String
    package let lastName: String
    package let contactInfo: String?
    package let illnessDetails: String?
    package let dateOfBirth: LocalDate?
    package let gender: String?
    package let bloodGroup: String?
    package let profileImageURL: String?
    /// The patient's data was erased: the names say so, and there is nothing else.
    package let isErased: Bool

    package var name: String { firstName + " " + lastName }

    /// How much of the profile is filled in, of 100 (rules/profiles 1).
    var completion: Int {
        var sum = 0
        if contactInfo.isFilled { sum += 30 }
        if dateOfBirth != nil && gender.isFilled && bloodGroup.isFilled { sum += 30 }
        if profileImageURL.isFilled { sum += 20 }
        if illnessDetails.isFilled { sum += 20 }
        return sum
    }

    static func erased(_ id: PatientID) -> PatientCard {
        PatientCard(
            id: id, firstName: "Erased", lastName: "patient", contactInfo: nil, illnessDetails: nil, dateOfBirth: nil,
            gender: nil, bloodGroup: nil, profileImageURL: nil, isErased: true)
    }
}

extension PatientVault {
    /// Throws ``Cryptography/IntegrityFailure`` when a value does not decrypt; there is no placeholder.
    package func open(_ sealed: SealedPatient, _ db: any Connection) throws -> PatientCard {
        let key = try key(for: sealed.id, db)
        guard let card = try open(sealed, with: key) else { throw IntegrityFailure(Self.context(sealed.id)) }
        return card
    }

    /// In the same order, with at most one query for keys; `nil` for a patient whose key is lost. One patient may occur
    /// often.
    package func open(_ sealed: [SealedPatient], _ db: any Connection) throws -> [PatientCard?] {
        let keys = try keys(for: sealed.map(\.id), db)
        return try sealed.map { patient in try keys[patient.id].flatMap { try open(patient, with: $0) } }
    }

    /// `nil` when the key is lost.
    package func open(_ sealed: SealedPatient, with key: PatientKey) throws -> PatientCard? {
        if key.isErased { return .erased(sealed.id) }
        func text(_ envelope: [UInt8]?, _ column: PatientColumn) throws -> String? {
            try envelope.flatMap { try open($0, with: key, at: column.context(sealed.id)) }
        }
        guard let firstName = try text(sealed.firstName, .firstName),
            let lastName = try text(sealed.lastName, .lastName)
        else { return nil }
        return PatientCard(
            id: sealed.id, firstName: firstName, lastName: lastName,
            contactInfo: try text(sealed.contactInfo, .contactInfo),
            illnessDetails: try text(sealed.illnessDetails, .illnessDetails),
            dateOfBirth: try date(text(sealed.dateOfBirth, .dateOfBirth), of: sealed.id),
            gender: sealed.gender, bloodGroup: sealed.bloodGroup, profileImageURL: sealed.profileImageURL,
            isErased: false)
    }

    /// The name alone, for those who may see no more; `nil` when the key is lost.
    package func name(of sealed: SealedPatient, with key: PatientKey) throws -> String? {
        if key.isErased { return PatientCard.erased(sealed.id).name }
        let first = try open(sealed.firstName, with: key, at: PatientColumn.firstName.context(sealed.id))
        let last = try open(sealed.lastName, with: key, at: PatientColumn.lastName.context(sealed.id))
        guard let first, let last else { return nil }
        return first + " " + last
    }

    private func date(_ text: String?, of patient: PatientID) throws -> LocalDate? {
        guard let text else { return nil }
        guard let date = LocalDate(text) else { throw IntegrityFailure(PatientColumn.dateOfBirth.context(patient)) }
        return date
    }
}

/// The encrypted columns of `patients`.
enum PatientColumn: String {
    case firstName = "first_name"
    case lastName = "last_name"
    case contactInfo = "contact_info"
    case illnessDetails = "illness_details"
    case dateOfBirth = "date_of_birth"

    func context(_ patient: PatientID) -> FieldContext {
        FieldContext(table: "patients", column: rawValue, row: patient.rawValue)
    }
}
