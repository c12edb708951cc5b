import CareSyncCore
import Persistence

/// What a doctor has studied.
struct Education: Qualification {
    let id: QualificationID
    let doctorID: DoctorID
    let content: NewEducation

    static let table: SQL = "doctor_educations"
    static let entity = "doctor_educations"
    static let unknown = QualificationError.unknownEducation
    static let columns: SQL = "id, doctor_id, degree, institution, year_of_completion, details"

    init(row: Row) throws {
        id = try row.value("id")
        doctorID = try row.value("doctor_id")
        content = NewEducation(
            degree: try row.value("degree"), institution: try row.value("institution"),
            yearOfCompletion: try row.value("year_of_completion"), details: try row.value("details"))
    }

    static func insertion(_ content: NewEducation, of doctor: DoctorID) -> SQL {
        """
        INSERT INTO doctor_educations (doctor_id, degree, institution, year_of_completion, details)
        VALUES (\(doctor), \(content.degree), \(content.institution), \(content.yearOfCompletion), \(content.details))
        RETURNING id
        """
    }

    static func update(_ id: QualificationID, to content: NewEducation) -> SQL {
        """
        UPDATE doctor_educations
        SET degree = \(content.degree), institution = \(content.institution),
            year_of_completion = \(content.yearOfCompletion), details = \(content.details)
        WHERE id = \(id)
        """
    }

    /// Studies that go on are entered with the year in which they will end.
    static func settle(_ content: inout NewEducation, from old: NewEducation?, _ context: QualificationContext) throws {
        let latest = context.today.year + 10
        guard content.yearOfCompletion != old?.yearOfCompletion, content.yearOfCompletion > latest else { return }
        throw Problem.validation([
            FieldError(field: "yearOfCompletion", message: "must be from \(EducationYears.first) to ten years from now")
        ])
    }
}

struct NewEducation: Sendable, Equatable {
    var degree: String
    var institution: String
    /// From 1900 on.
    var yearOfCompletion: Int
    var details: String? = nil
}
