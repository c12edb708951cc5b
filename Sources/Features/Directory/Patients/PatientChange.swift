import CareSyncCore
import JSONCoding
import Persistence

/// What is to become of a patient's profile. What is absent stays.
struct PatientChange: Sendable {
    var firstName: String?
    var lastName: String?
    var dateOfBirth: Patch<LocalDate> = .absent
    var contactInfo: Patch<String> = .absent
    var illnessDetails: Patch<String> = .absent
    var gender: Patch<String> = .absent
    var bloodGroup: Patch<String> = .absent

    var hasNames: Bool { firstName != nil || lastName != nil }

    /// The columns that change, sealed where they are kept sealed.
    func assignments(of patient: PatientID, sealedBy vault: PatientVault, _ key: PatientKey) throws -> [SQL] {
        func sealed(_ text: String?, _ column: PatientColumn) throws -> [UInt8]? {
            try text.map { try vault.seal($0, with: key, at: column.context(patient)) }
        }
        var columns: [SQL] = []
        if firstName != nil { columns.append("first_name = \(try sealed(firstName, .firstName))") }
        if lastName != nil { columns.append("last_name = \(try sealed(lastName, .lastName))") }
        if dateOfBirth.isPresent {
            let birth = dateOfBirth.value
            columns.append(
                "date_of_birth = \(try sealed(birth?.description, .dateOfBirth)), birth_year = \(birth?.year)")
        }
        if contactInfo.isPresent { columns.append("contact_info = \(try sealed(contactInfo.value, .contactInfo))") }
        if illnessDetails.isPresent {
            columns.append("illness_details = \(try sealed(illnessDetails.value, .illnessDetails))")
        }
        if gender.isPresent { columns.append("gender = \(gender.value)") }
        if bloodGroup.isPresent { columns.append("blood_group = \(bloodGroup.value)") }
        return columns
    }
}
