import CareSyncCore
import Persistence

/// What certifies a doctor's knowledge. The upload of its file keeps `url`.
struct Certificate: Qualification {
    let id: QualificationID
    let doctorID: DoctorID
    let content: NewCertificate

    static let table: SQL = "doctor_certificates"
    static let entity = "doctor_certificates"
    static let unknown = QualificationError.unknownCertificate
    static let columns: SQL = """
        id, doctor_id, name, url, details, issuing_organization, issue_date, expiry_date, credential_id, credential_url
        """

    init(row: Row) throws {
        id = try row.value("id")
        doctorID = try row.value("doctor_id")
        content = NewCertificate(
            name: try row.value("name"), url: try row.value("url"), details: try row.value("details"),
            issuingOrganization: try row.value("issuing_organization"), issueDate: try row.value("issue_date"),
            expiryDate: try row.value("expiry_date"), credentialID: try row.value("credential_id"),
            credentialURL: try row.value("credential_url"))
    }

    static func insertion(_ content: NewCertificate, of doctor: DoctorID) -> SQL {
        """
        INSERT INTO doctor_certificates (doctor_id, name, url, details, issuing_organization, issue_date, expiry_date,
                                         credential_id, credential_url)
        VALUES (\(doctor), \(content.name), \(content.url), \(content.details), \(content.issuingOrganization),
                \(content.issueDate), \(content.expiryDate), \(content.credentialID), \(content.credentialURL))
        RETURNING id
        """
    }

    static func update(_ id: QualificationID, to content: NewCertificate) -> SQL {
        """
        UPDATE doctor_certificates
        SET name = \(content.name), url = \(content.url), details = \(content.details),
            issuing_organization = \(content.issuingOrganization), issue_date = \(content.issueDate),
            expiry_date = \(content.expiryDate), credential_id = \(content.credentialID),
            credential_url = \(content.credentialURL)
        WHERE id = \(id)
        """
    }

    /// An address of this server, sent for a certificate whose file lies here, is what a client has read, and says nothing
    /// new.
    static func settle(
        _ content: inout NewCertificate, from old: NewCertificate?, _ context: QualificationContext
    ) throws {
        if let old, context.links.isOwn(old.url), context.links.isOwn(content.url) { content.url = old.url }
        var errors: [FieldError] = []
        if content.url != old?.url, let complaint = context.links.complaint(content.url) {
            errors.append(FieldError(field: "url", message: complaint))
        }
        if let url = content.credentialURL, url != old?.credentialURL, let complaint = context.links.complaint(url) {
            errors.append(FieldError(field: "credentialUrl", message: complaint))
        }
        if let issue = content.issueDate, let expiry = content.expiryDate, expiry < issue {
            errors.append(FieldError(field: "expiryDate", message: "must not be before the day of issue"))
        }
        if !errors.isEmpty { throw Problem.validation(errors) }
    }
}

struct NewCertificate: Sendable, Equatable {
    var name: String
    var url: String
    var details: String?
    var issuingOrganization: String?
    var issueDate: LocalDate?
    var expiryDate: LocalDate?
    var credentialID: String?
    var credentialURL: String?
}
