import CareSyncCore
import Persistence

struct Experience: RowDecodable {
    let id: Int64
    let doctorID: DoctorID
    let hospitalName: String
    let position: String
    let yearsOfService: Int
    let details: String?

    static let columns: SQL = "id, doctor_id, hospital_name, position, years_of_service, details"

    init(row: Row) throws {
        id = try row.value("id")
        doctorID = try row.value("doctor_id")
        hospitalName = try row.value("hospital_name")
        position = try row.value("position")
        yearsOfService = try row.value("years_of_service")
        details = try row.value("details")
    }
}

struct Education: RowDecodable {
    let id: Int64
    let doctorID: DoctorID
    let degree: String
    let institution: String
    let yearOfCompletion: Int
    let details: String?

    static let columns: SQL = "id, doctor_id, degree, institution, year_of_completion, details"

    init(row: Row) throws {
        id = try row.value("id")
        doctorID = try row.value("doctor_id")
        degree = try row.value("degree")
        institution = try row.value("institution")
        yearOfCompletion = try row.value("year_of_completion")
        details = try row.value("details")
    }
}

struct Certificate: RowDecodable {
    let id: Int64
    let doctorID: DoctorID
    let name: String
    let url: String
    let details: String?
    let issuingOrganization: String?
    let issueDate: LocalDate?
    let expiryDate: LocalDate?
    let credentialID: String?
    let credentialURL: String?

    static let columns: SQL = """
        id, doctor_id, name, url, details, issuing_organization, issue_date, expiry_date, credential_id, credential_url
        """

    init(row: Row) throws {
        id = try row.value("id")
        doctorID = try row.value("doctor_id")
        name = try row.value("name")
        url = try row.value("url")
        details = try row.value("details")
        issuingOrganization = try row.value("issuing_organization")
        issueDate = try row.value("issue_date")
        expiryDate = try row.value("expiry_date")
        credentialID = try row.value("credential_id")
        credentialURL = try row.value("credential_url")
    }
}

/// Experience and education of several doctors, by doctor.
struct Qualifications: Sendable {
    var experiences: [DoctorID: [Experience]] = [:]
    var educations: [DoctorID: [Education]] = [:]
    var certificates: [DoctorID: [Certificate]] = [:]

    static let none = Qualifications()
}
