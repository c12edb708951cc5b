import CareSyncCore
import Persistence

/// A new patient, in clear.
struct NewPatient: Sendable {
    let id: PatientID
    var firstName: String
    var lastName: String
    var contactInfo: String?
    var illnessDetails: String?
    var dateOfBirth: LocalDate?
    var gender: String?
    var bloodGroup: String?
}

extension PatientVault {
    /// Inserts a patient, sealed under a key made for this patient, and the words by which they are found.
    func insert(_ patient: NewPatient, names: PatientNames, at now: Instant, _ db: any Connection) throws {
        let key = newKey(for: patient.id)
        func sealed(_ text: String, _ column: PatientColumn) throws -> [UInt8] {
            try seal(text, with: key, at: column.context(patient.id))
        }
        let birth = try patient.dateOfBirth.map { try sealed($0.description, .dateOfBirth) }
        try db.run(
            """
            INSERT INTO patients (id, first_name, last_name, contact_info, illness_details, date_of_birth, birth_year,
                                  gender, blood_group, created_at, updated_at)
            VALUES (\(patient.id), \(try sealed(patient.firstName, .firstName)),
                    \(try sealed(patient.lastName, .lastName)),
                    \(try patient.contactInfo.map { try sealed($0, .contactInfo) }),
                    \(try patient.illnessDetails.map { try sealed($0, .illnessDetails) }),
                    \(birth), \(patient.dateOfBirth?.year), \(patient.gender), \(patient.bloodGroup), \(now), \(now))
            """)
        try store(key, at: now, db)
        try names.store(patient.firstName, patient.lastName, of: patient.id, db)
    }
}
