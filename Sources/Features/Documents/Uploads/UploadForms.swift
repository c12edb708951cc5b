import CareSyncCore
import WebAPI

enum CertificateTag {}
enum LabBookingTag {}

/// The fields beside a file, by what a route needs.
struct DescriptionFields: Codable, Sendable, Validated {
    var description: String?

    static let rules: [Rule<Self>] = [.text("description", \.description, .paragraph, 500)]
}

struct TypedFields: Codable, Sendable, Validated, Documented {
    var documentType: AnyCase<DocumentType>?
    var description: String?

    static let notes: [String: FieldNote] = [
        "documentType": FieldNote("What the document is about, in any case.", default: "MEDICAL_DOCUMENT")
    ]
    static let rules: [Rule<Self>] = [.text("description", \.description, .paragraph, 500)]
}

struct DoctorFields: Codable, Sendable, Validated {
    var doctorId: DoctorID
    var description: String?

    static let rules: [Rule<Self>] = [.text("description", \.description, .paragraph, 500)]
}

struct TypedDoctorFields: Codable, Sendable, Validated, Documented {
    var doctorId: DoctorID
    var documentType: AnyCase<DocumentType>?
    var description: String?

    static let notes: [String: FieldNote] = [
        "documentType": FieldNote("What the document is about, in any case.", default: "OTHER")
    ]
    static let rules: [Rule<Self>] = [.text("description", \.description, .paragraph, 500)]
}

struct CertificateFields: Codable, Sendable, Validated {
    var doctorId: DoctorID
    var certificateId: ID<CertificateTag>?
    var description: String?

    static let rules: [Rule<Self>] = [.text("description", \.description, .paragraph, 500)]
}

struct PatientFields: Codable, Sendable, Validated {
    var patientId: PatientID
    var description: String?

    static let rules: [Rule<Self>] = [.text("description", \.description, .paragraph, 500)]
}

struct TypedPatientFields: Codable, Sendable, Validated, Documented {
    var patientId: PatientID
    var documentType: AnyCase<DocumentType>?
    var description: String?

    static let notes: [String: FieldNote] = [
        "documentType": FieldNote("What the document is about, in any case.", default: "MEDICAL_DOCUMENT")
    ]
    static let rules: [Rule<Self>] = [.text("description", \.description, .paragraph, 500)]
}

struct LabReportFields: Codable, Sendable, Validated {
    var bookingId: ID<LabBookingTag>
    var patientId: PatientID
    var description: String?

    static let rules: [Rule<Self>] = [.text("description", \.description, .paragraph, 500)]
}
