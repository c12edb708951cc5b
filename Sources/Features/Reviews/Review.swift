package import CareSyncCore
import Directory
import Persistence
import Scheduling

package enum ReviewTag {}
/// A random number: numbers that ascend would tell when a review without a name was written.
package typealias ReviewID = ID<ReviewTag>

extension ID where Tag == ReviewTag {
    static func random(from source: RandomSource) -> ReviewID {
        let bits = source.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let bounds = ReviewID.bounds
        return ReviewID(bounds.lowerBound + Int64(bits % UInt64(bounds.upperBound)))
    }
}

/// A row of `reviews` with its doctor's and its author's names; what the author wrote is still sealed.
struct SealedReview: RowDecodable {
    let id: ReviewID
    let appointmentID: AppointmentID
    let doctorID: DoctorID
    let doctorName: String
    let author: SealedPatient
    let rating: Int
    let comment: [UInt8]?
    let isAnonymous: Bool
    let createdAt: Instant
    /// The day of the clinic's calendar.
    let createdOn: LocalDate

    /// Of aliases `r` (reviews), `d` (doctors) and `p` (patients).
    static let columns: SQL = """
        r.id, r.appointment_id, r.doctor_id, d.first_name, d.last_name, r.rating, r.comment, r.is_anonymous,
        r.created_at, r.created_on, \(SealedPatient.columns)
        """

    init(row: Row) throws {
        id = try row.value("id")
        appointmentID = try row.value("appointment_id")
        doctorID = try row.value("doctor_id")
        doctorName = try row.value("first_name") + " " + row.value("last_name")
        author = try SealedPatient(row: row)
        rating = try row.value("rating")
        comment = try row.value("comment")
        isAnonymous = try row.value("is_anonymous")
        createdAt = try row.value("created_at")
        createdOn = try row.value("created_on")
    }
}

/// A review as one reader may see it.
struct Review: Sendable {
    let id: ReviewID
    let doctorID: DoctorID
    let doctorName: String
    let rating: Int
    /// `nil` without one, and of a patient who is erased.
    let comment: String?
    let isAnonymous: Bool
    let createdOn: LocalDate
    /// `nil` when the reader must not learn it.
    let author: Author?

    /// What would give the author away.
    struct Author: Sendable {
        let id: PatientID
        /// `nil` in a list when the patient's key is lost.
        let name: String?
        let appointmentID: AppointmentID
        let createdAt: Instant
    }
}

/// Who reads reviews.
enum ReviewReader: Sendable {
    case patient(PatientID)
    case doctor(DoctorID)
    case administrator

    init(_ principal: Principal) throws {
        switch principal.role {
        case .patient: self = .patient(try principal.requirePatient())
        case .doctor: self = .doctor(try principal.requireDoctor())
        case .admin: self = .administrator
        }
    }

    /// Whether the review is shown when it is asked for by its number (rules/reviews 4).
    func maySee(_ review: SealedReview) -> Bool {
        switch self {
        case .patient(let id): review.author.id == id
        case .doctor(let id): review.doctorID == id
        case .administrator: true
        }
    }

    func knowsAuthor(of review: SealedReview) -> Bool {
        switch self {
        case .patient(let id): !review.isAnonymous || review.author.id == id
        case .doctor: !review.isAnonymous
        case .administrator: true
        }
    }
}

/// A review that is about to be written.
struct NewReview: Sendable {
    let appointment: AppointmentID
    /// Has to be the appointment's, when it is named.
    let doctor: DoctorID?
    let rating: Int
    let comment: String?
    let isAnonymous: Bool
}

enum ReviewError: FailureCatalogue, CaseIterable {
    case notFound
    case appointmentNotFound
    case doctorNotFound
    case patientNotFound
    case otherDoctor
    case notCompleted
    case exists
    /// The vault seals nothing more for an erased patient.
    case patientErased

    var problem: Problem {
        switch self {
        case .notFound: Problem(.notFound, "FEEDBACK_NOT_FOUND", "There is no such review.")
        case .appointmentNotFound: SchedulingError.appointmentNotFound.problem
        case .doctorNotFound: SchedulingError.doctorNotFound.problem
        case .patientNotFound: SchedulingError.patientNotFound.problem
        case .otherDoctor:
            Problem.invalid("doctorId", "INVALID_ARGUMENT", rule: "must be the appointment's doctor")
        case .notCompleted:
            Problem(.conflict, "FEEDBACK_NOT_ALLOWED", "Only a completed appointment can be reviewed.")
        case .exists: Problem(.conflict, "FEEDBACK_EXISTS", "This appointment has been reviewed.")
        case .patientErased: PatientVault.erased
        }
    }

    static let refusedWriting: [ReviewError] = [
        .appointmentNotFound, .otherDoctor, .notCompleted, .exists, .patientErased,
    ]
}
