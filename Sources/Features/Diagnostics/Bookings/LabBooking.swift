package import CareSyncCore
import Cryptography
import Directory
import Persistence
package import Scheduling

package enum LabBookingTag {}
package typealias LabBookingID = ID<LabBookingTag>

/// Where a booking stands (rules/lab-bookings 4).
package enum LabBookingStatus: String, Codable, Sendable, CaseIterable, SQLConvertible, ColumnValue {
    /// Not paid for.
    case pending = "PENDING"
    /// Paid for; whether the tests are done is told by the reports.
    case completed = "COMPLETED"
    case cancelled = "CANCELLED"
    /// All of the money went back.
    case refunded = "REFUNDED"
}

/// A row of `lab_bookings`; the notes are still sealed.
struct LabBooking: RowDecodable, Equatable {
    let id: LabBookingID
    let patientID: PatientID
    /// Who prescribed the tests; `nil` when the patient chose them.
    let doctorID: DoctorID?
    let totalPrice: Money
    /// When the tests are to be made.
    let bookedFor: Instant
    let status: LabBookingStatus
    let sealedNotes: [UInt8]?
    /// Since when its patient, who has paid, wants the money back.
    let returnedAt: Instant?
    let version: Int64
    let createdAt: Instant
    let updatedAt: Instant
    let statusChangedAt: Instant?
    /// A user name, or `SYSTEM`.
    let statusChangedBy: String?

    /// Of alias `b`.
    static let columns: SQL = """
        b.id, b.patient_id AS booking_patient_id, b.doctor_id, b.total_price, b.booked_for, b.status, b.notes,
        b.returned_at, b.version, b.created_at, b.updated_at, b.status_changed_at, b.status_changed_by
        """

    init(row: Row) throws {
        id = try row.value("id")
        patientID = try row.value("booking_patient_id")
        doctorID = try row.value("doctor_id")
        totalPrice = try row.value("total_price")
        bookedFor = try row.value("booked_for")
        status = try row.value("status")
        sealedNotes = try row.value("notes")
        returnedAt = try row.value("returned_at")
        version = try row.value("version")
        createdAt = try row.value("created_at")
        updatedAt = try row.value("updated_at")
        statusChangedAt = try row.value("status_changed_at")
        statusChangedBy = try row.value("status_changed_by")
    }

    static func notesField(_ id: LabBookingID) -> FieldContext {
        FieldContext(table: "lab_bookings", column: "notes", row: id.rawValue)
    }
}

/// What is to be booked.
struct LabBookingOrder: Sendable, Equatable {
    static let mostTests = 100
    static let longestNotes = 500
    /// As payments bound amounts.
    static let highestPrice = Money(minorUnits: 9_999_999_999)

    let patient: PatientID
    /// Who prescribes; `nil` when the patient books.
    let doctor: DoctorID?
    let tests: [Int64]
    /// Every test that is offered takes the place of ``tests``.
    let isFullBodyCheckup: Bool
    /// `nil` for now.
    let bookedFor: ClientDateTime?
    let notes: String?
}

/// What the routes of lab bookings refuse.
enum LabBookingError: FailureCatalogue {
    case notFound
    case testsNotFound([Int64])
    case testsInactive([Int64])
    case nothingOffered
    case tooExpensive
    case pastDate
    case skippedTime
    case illegalTransition
    case reported
    case reasonRequired
    case amountMismatch
    case patientErased

    static let tests = "selectedTestIds"

    /// Why tests cannot be booked.
    static let refusedBookings: [LabBookingError] = [
        .testsNotFound([]), .testsInactive([]), .nothingOffered, .tooExpensive, .pastDate, .skippedTime, .patientErased,
    ]

    var problem: Problem {
        switch self {
        case .notFound: Problem(.notFound, "BOOKING_NOT_FOUND", "There is no such laboratory booking.")
        case .testsNotFound(let ids):
            Problem.invalid(
                Self.tests, "TEST_NOT_FOUND", "There are no lab tests with these numbers: \(Self.list(ids)).")
        case .testsInactive(let ids):
            Problem.invalid(Self.tests, "TEST_INACTIVE", "These lab tests are no longer offered: \(Self.list(ids)).")
        case .nothingOffered: Problem.invalid(Self.tests, "TEST_NOT_FOUND", "No lab tests are offered at present.")
        case .tooExpensive:
            Problem.invalid(Self.tests, "INVALID_ARGUMENT", "These tests cost too much for one booking.")
        case .pastDate:
            Problem.invalid("bookingDate", "PAST_TIME", rule: "must not be before today")
        case .skippedTime:
            Problem.invalid("bookingDate", "INVALID_ARGUMENT", rule: "is a time that the clinic's clock skips")
        case .illegalTransition:
            Problem(.conflict, "ILLEGAL_TRANSITION", "The booking's status does not allow this.")
        case .reported:
            Problem(.conflict, "ILLEGAL_TRANSITION", "There is a report already: the tests have been made.")
        case .reasonRequired:
            Problem.invalid(
                "reason", "VALIDATION_FAILED", rule: "is required when a booking is completed without a payment")
        case .amountMismatch:
            Problem.invalid("paymentRequest.amount", "AMOUNT_MISMATCH", "The amount is not what the tests cost.")
        case .patientErased: PatientVault.erased
        }
    }

    private static func list(_ ids: [Int64]) -> String { ids.map(String.init).joined(separator: ", ") }
}

extension CareTie {
    /// Who has prescribed lab tests treats the patient, unless the booking was cancelled.
    package static let prescribedTests = CareTie(
        "lab_bookings", doctor: "t.doctor_id", patient: "t.patient_id", moment: "t.created_at",
        where: "t.doctor_id IS NOT NULL AND t.status <> 'CANCELLED'")
}
