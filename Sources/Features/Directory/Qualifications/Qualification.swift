import CareSyncCore
import Persistence

enum QualificationTag {}
typealias QualificationID = ID<QualificationTag>

/// An entry of one of the three lists below a doctor's profile: where the doctor has worked, what they have studied, and
/// their certificates.
protocol Qualification: RowDecodable, Sendable {
    /// What a doctor enters.
    associatedtype Content: Sendable

    static var table: SQL { get }
    static var columns: SQL { get }
    /// As the audit log names the table.
    static var entity: String { get }
    static var unknown: QualificationError { get }

    var id: QualificationID { get }
    var content: Content { get }

    /// Gives back the id of the new row.
    static func insertion(_ content: Content, of doctor: DoctorID) -> SQL
    /// Replaces the whole row; the caller has merged what was sent into what was there.
    static func update(_ id: QualificationID, to content: Content) -> SQL
    /// Checks, and settles, what depends on more than one field or on the clock. Throws 400.
    static func settle(_ content: inout Content, from old: Content?, _ context: QualificationContext) throws
}

/// What an entry is judged by.
struct QualificationContext: Sendable {
    let links: LinkPolicy
    let today: LocalDate
}

enum QualificationError: FailureCatalogue, CaseIterable {
    case unknownExperience
    case unknownEducation
    case unknownCertificate
    case tooMany

    /// Entries of one list.
    static let most = 50

    var problem: Problem {
        switch self {
        case .unknownExperience: Problem(.notFound, "EXPERIENCE_NOT_FOUND", "There is no such experience.")
        case .unknownEducation: Problem(.notFound, "EDUCATION_NOT_FOUND", "There is no such education.")
        case .unknownCertificate: Problem(.notFound, "CERTIFICATE_NOT_FOUND", "There is no such certificate.")
        case .tooMany: Problem(.conflict, "TOO_MANY_ENTRIES", "The list has \(Self.most) entries already.")
        }
    }
}
