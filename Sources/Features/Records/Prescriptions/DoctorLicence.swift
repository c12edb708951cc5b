import CareSyncCore
import Directory
import Persistence

/// What a doctor's profile says of who prescribes, and by what right.
struct DoctorLicence: RowDecodable, Sendable, Equatable {
    let name: String
    let specialization: String?
    /// Degrees, such as `MBBS, MD`; `nil` when the profile names none.
    let qualification: String?
    /// The number of the licence; `nil` when the profile names none.
    let registrationNumber: String?

    /// Of the alias `c`: what was true when a code was issued.
    static let columns: SQL =
        "c.doctor_name, c.doctor_specialization, c.doctor_qualification, c.doctor_registration"

    init(row: Row) throws {
        name = try row.value("doctor_name")
        specialization = try row.value("doctor_specialization")
        qualification = try row.value("doctor_qualification")
        registrationNumber = try row.value("doctor_registration")
    }

    private init(name: String, specialization: String?, qualification: String?, registrationNumber: String?) {
        self.name = name
        self.specialization = specialization
        self.qualification = qualification
        self.registrationNumber = registrationNumber
    }

    /// As it is now.
    static func find(_ doctor: DoctorID, _ db: any Connection) throws -> DoctorLicence {
        let specialization: String?? = try db.value("SELECT specialization FROM doctors WHERE id = \(doctor)")
        let degrees: [String] = try db.values(
            """
            SELECT degree FROM doctor_educations WHERE doctor_id = \(doctor) ORDER BY year_of_completion, id LIMIT 10
            """)
        let registration: String? = try db.value(
            """
            SELECT credential_id FROM doctor_certificates
            WHERE doctor_id = \(doctor) AND credential_id IS NOT NULL ORDER BY id LIMIT 1
            """)
        return DoctorLicence(
            name: try name(of: doctor, db), specialization: specialization ?? nil,
            qualification: degrees.isEmpty ? nil : degrees.joined(separator: ", "), registrationNumber: registration)
    }

    /// As it is now: what stands beside what the doctor writes.
    static func name(of doctor: DoctorID, _ db: any Connection) throws -> String {
        try db.value("SELECT d.first_name || ' ' || d.last_name FROM doctors d WHERE d.id = \(doctor)") ?? ""
    }
}
