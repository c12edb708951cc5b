package import CareSyncCore
import Cryptography
package import Persistence

package enum BreakGlassTag {}
package typealias BreakGlassID = ID<BreakGlassTag>

/// Somebody has opened the data of a patient they do not treat, for an hour and with a reason.
package struct BreakGlassOpened: DomainEvent, Equatable {
    package let grant: BreakGlassID
    package let user: UserID
    package let role: Role
    package let patient: PatientID
    package let endsAt: Instant
}

/// A row of `break_glass_grants` with the people it names.
struct BreakGlassGrant: RowDecodable {
    let id: BreakGlassID
    let userID: UserID
    let username: String
    let role: Role
    let patientID: PatientID
    /// A clinician's words, which may be about the patient's health: sealed with the patient's key.
    let sealedReason: [UInt8]
    let openedAt: Instant
    /// It ends by itself then; no job is needed.
    let endsAt: Instant
    let closedAt: Instant?
    let reviewedAt: Instant?
    let reviewer: String?
    /// Reviewed by the administrator who had opened it.
    let isSelfReviewed: Bool

    init(row: Row) throws {
        id = try row.value("id")
        userID = try row.value("user_id")
        username = try row.value("username")
        role = try row.value("role")
        patientID = try row.value("patient_id")
        sealedReason = try row.value("reason")
        openedAt = try row.value("opened_at")
        endsAt = try row.value("ends_at")
        closedAt = try row.value("closed_at")
        reviewedAt = try row.value("reviewed_at")
        reviewer = try row.value("reviewer")
        isSelfReviewed = try row.value("is_self_reviewed")
    }

    static let columns: SQL = """
        g.id, g.user_id, u.username, g.role, g.patient_id, g.reason, g.opened_at, g.ends_at, g.closed_at,
        g.reviewed_at, r.username AS reviewer, g.is_self_reviewed
        """

    static let lifetime = TimeSpan.minutes(60)
    /// After it an administrator may review their own grant.
    static let selfReviewDelay = TimeSpan.hours(24)

    func isOpen(at now: Instant) -> Bool { closedAt == nil && now < endsAt }

    static func reasonField(_ id: BreakGlassID) -> FieldContext {
        FieldContext(table: "break_glass_grants", column: "reason", row: id.rawValue)
    }
}

/// What a grant means to other features; the policy of who may see what asks here.
package enum BreakGlass {
    /// The open grant of an account for a patient, by the clock.
    package static func openGrant(
        of user: UserID, for patient: PatientID, db: any Connection
    ) throws -> BreakGlassID? {
        let now = db.now
        return try db.value(
            """
            SELECT g.id FROM break_glass_grants g
            WHERE g.user_id = \(user) AND g.patient_id = \(patient) AND g.closed_at IS NULL AND g.ends_at > \(now)
            """)
    }

    /// The id of the open grant, or null, for use inside a statement. `user` and `patient` are columns of the enclosing query.
    package static func openGrant(user: SQL, patient: SQL, at now: Instant) -> SQL {
        """
        (SELECT g.id FROM break_glass_grants g
         WHERE g.user_id = \(user) AND g.patient_id = \(patient) AND g.closed_at IS NULL AND g.ends_at > \(now))
        """
    }
}

enum BreakGlassError: FailureCatalogue {
    case notVerified
    case patientNotFound
    case alreadyOpen(BreakGlassID, until: Instant)
    case notFound
    case reviewed
    case ownGrant

    var problem: Problem {
        switch self {
        case .notVerified:
            Problem(.forbidden, "DOCTOR_NOT_VERIFIED", "Your account has to be verified by the clinic first.")
        case .patientNotFound: Problem(.notFound, "PATIENT_NOT_FOUND", "There is no such patient.")
        case .alreadyOpen(let id, let end):
            Problem(
                .conflict, "BREAK_GLASS_OPEN", "You have already opened this patient's data.",
                ["id": id, "endsAt": end], shape: "BreakGlassConflict")
        case .notFound: Problem(.notFound, "BREAK_GLASS_NOT_FOUND", "There is no such grant.")
        case .reviewed: Problem(.conflict, "BREAK_GLASS_REVIEWED", "This has already been reviewed.")
        case .ownGrant:
            Problem(
                .conflict, "OWN_BREAK_GLASS",
                "Another administrator must review this. You may do so yourself a day after it was opened.")
        }
    }
}
