import CareSyncCore
import Persistence

/// Where a doctor has worked.
struct Experience: Qualification {
    let id: QualificationID
    let doctorID: DoctorID
    let content: NewExperience

    static let table: SQL = "doctor_experiences"
    static let entity = "doctor_experiences"
    static let unknown = QualificationError.unknownExperience
    static let columns: SQL = "id, doctor_id, hospital_name, position, years_of_service, details"

    init(row: Row) throws {
        id = try row.value("id")
        doctorID = try row.value("doctor_id")
        content = NewExperience(
            hospitalName: try row.value("hospital_name"), position: try row.value("position"),
            yearsOfService: try row.value("years_of_service"), details: try row.value("details"))
    }

    static func insertion(_ content: NewExperience, of doctor: DoctorID) -> SQL {
        """
        INSERT INTO doctor_experiences (doctor_id, hospital_name, position, years_of_service, details)
        VALUES (\(doctor), \(content.hospitalName), \(content.position), \(content.yearsOfService), \(content.details))
        RETURNING id
        """
    }

    static func update(_ id: QualificationID, to content: NewExperience) -> SQL {
        """
        UPDATE doctor_experiences
        SET hospital_name = \(content.hospitalName), position = \(content.position),
            years_of_service = \(content.yearsOfService), details = \(content.details)
        WHERE id = \(id)
        """
    }

    static func settle(_ content: inout NewExperience, from old: NewExperience?, _ context: QualificationContext) {}
}

struct NewExperience: Sendable, Equatable {
    var hospitalName: String
    var position: String
    /// 0 to 80.
    var yearsOfService: Int
    var details: String? = nil
}
