package import CareSyncCore
import Directory
import FileTypes
import Persistence
import Scheduling
import WebAPI

package enum DocumentTag {}
package typealias DocumentID = ID<DocumentTag>

/// What a document is about, as its uploader says.
package enum DocumentType: String, Codable, Sendable, CaseIterable, SQLConvertible, ColumnValue {
    case profileImage = "PROFILE_IMAGE"
    case certificate = "CERTIFICATE"
    case medicalDocument = "MEDICAL_DOCUMENT"
    case prescription = "PRESCRIPTION"
    case labReport = "LAB_REPORT"
    case insuranceDocument = "INSURANCE_DOCUMENT"
    case identification = "IDENTIFICATION"
    case other = "OTHER"

    /// What patients show to nobody who treats them.
    static let ownersOnly: [DocumentType] = [.insuranceDocument, .identification]
    /// What administrators look at to verify a doctor.
    static let credentials: [DocumentType] = [.certificate, .identification]
}

/// Whose document it is.
enum DocumentOwner: Sendable, Equatable {
    case patient(PatientID)
    case doctor(DoctorID)

    var patient: PatientID? { if case .patient(let patient) = self { patient } else { nil } }
    var doctor: DoctorID? { if case .doctor(let doctor) = self { doctor } else { nil } }
}

/// A row of `documents`. What may tell of a patient is sealed with the key of the file, and that key with the owner's.
struct SealedDocument: RowDecodable {
    let id: DocumentID
    let owner: DocumentOwner
    let type: DocumentType
    let contentType: String
    /// A PDF that does something by itself.
    let isActiveContent: Bool
    let name: [UInt8]
    let description: [UInt8]?
    let digest: [UInt8]
    let size: Int64
    let objectName: String
    let wrappedKey: [UInt8]
    let isPublic: Bool
    let uploadedBy: UserID
    let uploadedAt: Instant

    /// A profile image, or the file of a certificate that still stands in its doctor's profile.
    static let isPublic: SQL = """
        (d.is_public AND (d.document_type = 'PROFILE_IMAGE'
                          OR EXISTS (SELECT 1 FROM doctor_certificates c WHERE c.document_id = d.id)))
        """

    static let columns: SQL = """
        d.id, d.patient_id, d.doctor_id, d.document_type, d.content_type, d.is_active_content, d.name, d.description,
        d.digest, d.size, d.object_name, d.wrapped_key, \(isPublic) AS is_public, d.uploaded_by, d.created_at
        """

    init(row: Row) throws {
        id = try row.value("id")
        let (patient, doctor): (PatientID?, DoctorID?) = (try row.value("patient_id"), try row.value("doctor_id"))
        switch (patient, doctor) {
        case (let patient?, nil): owner = .patient(patient)
        case (nil, let doctor?): owner = .doctor(doctor)
        default: throw DatabaseFailure.unexpectedValue(column: 1, type: "owner")
        }
        type = try row.value("document_type")
        contentType = try row.value("content_type")
        isActiveContent = try row.value("is_active_content")
        name = try row.value("name")
        description = try row.value("description")
        digest = try row.value("digest")
        size = try row.value("size")
        objectName = try row.value("object_name")
        wrappedKey = try row.value("wrapped_key")
        isPublic = try row.value("is_public")
        uploadedBy = try row.value("uploaded_by")
        uploadedAt = try row.value("created_at")
    }

    /// Shown by a browser as it is; everything else is saved.
    var isShownInline: Bool {
        guard let kind = FileKind(contentType: contentType) else { return false }
        return kind.isImage || kind == .pdf && !isActiveContent
    }
}

/// A document in clear, without its bytes.
package struct Document: Sendable {
    package let id: DocumentID
    let owner: DocumentOwner
    package let type: DocumentType
    package let contentType: String
    package let name: String
    package let description: String?
    package let size: Int64
    let isPublic: Bool
    package let uploadedAt: Instant
}

enum DocumentError: FailureCatalogue, CaseIterable {
    case notFound, certificateNotFound, bookingNotFound, shareNotFound
    case unsupportedType, brokenFile, bomb, emptyFile, fileTooLarge
    case imageElsewhere
    case storageUnavailable, checkUnavailable, storageFull
    case linkInvalid, linkExpired
    case patientErased
    case tooManyShares
    /// A certificate shows it.
    case inUse
    /// For routes whose document would not name it otherwise.
    case damaged

    var problem: Problem {
        switch self {
        case .notFound: Problem(.notFound, "DOCUMENT_NOT_FOUND", "There is no such document.")
        case .certificateNotFound: Problem(.notFound, "CERTIFICATE_NOT_FOUND", "There is no such certificate.")
        case .bookingNotFound: Problem(.notFound, "BOOKING_NOT_FOUND", "There is no such laboratory booking.")
        case .shareNotFound: Problem(.notFound, "SHARE_NOT_FOUND", "There is no such share, or it is over.")
        case .unsupportedType: Self.refused("Files of this type are not taken here.")
        case .brokenFile: Self.refused("The file is damaged, or is something else as well.")
        case .bomb: Self.refused("The file would unpack to far more than its size.")
        case .emptyFile: Problem.invalid("file", "EMPTY_FILE", "The file is empty.")
        case .fileTooLarge: Problem.fileTooLarge
        case .imageElsewhere:
            Problem.invalid("documentType", "INVALID_ARGUMENT", "Profile images have a route of their own.")
        case .storageUnavailable:
            Problem(.failedDependency, "STORAGE_UNAVAILABLE", "The document store does not answer. Try again later.")
        case .checkUnavailable:
            Problem(.failedDependency, "FILE_CHECK_UNAVAILABLE", "Files cannot be checked right now. Try again later.")
        case .storageFull:
            Problem(
                .conflict, "STORAGE_FULL",
                "There is no room for further documents. Deleting some helps when there are too many; when they are too "
                    + "large, it helps once their bytes are cleared away.")
        case .damaged:
            Problem(.fault, "DATA_INTEGRITY", "A stored value is damaged. Nothing was changed.")
        case .inUse:
            Problem(.conflict, "DOCUMENT_IN_USE", "A certificate shows this document. Remove the certificate first.")
        case .linkInvalid: Problem(.forbidden, "LINK_INVALID", "This link is not valid.")
        case .linkExpired: Problem(.forbidden, "LINK_EXPIRED", "This link has expired.")
        case .patientErased: PatientVault.erased
        case .tooManyShares:
            Problem(.conflict, "TOO_MANY_SHARES", "The document is shared often enough. End a share first.")
        }
    }

    private static func refused(_ message: String) -> Problem {
        .invalid("file", "UNSUPPORTED_FILE_TYPE", message)
    }

    /// What every upload may be refused for.
    static let refusedUploads: [DocumentError] = [
        .unsupportedType, .brokenFile, .bomb, .emptyFile, .fileTooLarge, .storageUnavailable, .checkUnavailable,
        .storageFull,
    ]
    /// What reading a file may end with.
    static let refusedReads: [DocumentError] = [.notFound, .storageUnavailable, .linkInvalid, .linkExpired]

    init(_ refusal: FileRefusal) {
        self =
            switch refusal {
            case .unsupported: .unsupportedType
            case .malformed: .brokenFile
            case .bomb: .bomb
            }
    }
}

extension DocumentError {
    /// What doctors who are not verified are refused with, where patients are shown.
    static let unverified = [SchedulingError.doctorNotVerified]
}
