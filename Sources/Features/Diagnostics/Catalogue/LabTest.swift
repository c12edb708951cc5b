package import CareSyncCore
import Persistence
import Scheduling

package enum LabTestTag {}
package typealias LabTestID = ID<LabTestTag>

/// A row of `lab_tests`.
struct LabTest: RowDecodable, Equatable {
    let id: LabTestID
    let name: String
    let price: Money
    let description: String?
    /// Whether it can be booked; a retired test stays for the bookings that have it.
    let isActive: Bool
    let version: Int64
    let createdAt: Instant
    /// `nil` before the first change.
    let updatedAt: Instant?

    static let columns: SQL = "id, name, price, description, is_active, version, created_at, updated_at"

    init(row: Row) throws {
        id = try row.value("id")
        name = try row.value("name")
        price = try row.value("price")
        description = try row.value("description")
        isActive = try row.value("is_active")
        version = try row.value("version")
        createdAt = try row.value("created_at")
        updatedAt = try row.value("updated_at")
    }

    /// For the audit log (rules/lab-catalogue 3).
    var state: String { "\(price) \(isActive ? "ACTIVE" : "RETIRED")" }
}

/// What makes a test; the name is normalized.
struct LabTestDraft: Sendable, Equatable {
    static let longestName = 100
    static let longestDescription = 500
    /// Eight digits before the point and two behind it.
    static let prices = Money(minorUnits: 1)...Money(minorUnits: 9_999_999_999)

    var name: String
    var price: Money
    var description: String?
    var isActive: Bool

    /// Without white space around it, and with single blanks inside.
    static func normalized(_ name: String) -> String {
        name.unicodeScalars.split(whereSeparator: \.properties.isWhitespace).map { String($0) }.joined(separator: " ")
    }
}

/// What some tests cost together.
struct LabTestQuote: Sendable, Equatable {
    let total: Money
    let count: Int
}

enum LabTestError: FailureCatalogue {
    case notFound
    case exists
    case changedMeanwhile
    case notVerified
    case notOffered([Int64])

    var problem: Problem {
        switch self {
        case .notFound: Problem(.notFound, "LAB_TEST_NOT_FOUND", "There is no such lab test.")
        case .exists: Problem(.conflict, "CONFLICT", "There is a lab test of this name already.")
        case .changedMeanwhile:
            Problem(.preconditionFailed, "PRECONDITION_FAILED", "The lab test has changed since you read it.")
        case .notVerified: SchedulingError.doctorNotVerified.problem
        case .notOffered(let ids):
            Problem(
                .badRequest, "INVALID_ARGUMENT",
                "These lab tests are not offered: \(ids.map(String.init).joined(separator: ", ")).")
        }
    }
}
