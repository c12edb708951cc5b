import CareSyncCore
import Persistence

/// Which grants a review list shows.
enum BreakGlassStatus: String, Codable, Sendable, CaseIterable {
    case open = "OPEN"
    /// Ended, by itself or by an administrator, and waiting for its review.
    case ended = "ENDED"
    case reviewed = "REVIEWED"
}

/// Which grants are asked for.
struct BreakGlassSearch: Sendable {
    var status: BreakGlassStatus?
    /// Who opened it.
    var user: UserID?
    var patient: PatientID?
}

struct BreakGlassRepository {
    let db: any Connection

    private static let selected: SQL = """
        SELECT \(BreakGlassGrant.columns)
        FROM break_glass_grants g JOIN users u ON u.id = g.user_id LEFT JOIN users r ON r.id = g.reviewed_by
        """

    /// Whether the clinic has verified the doctor.
    func isVerified(_ doctor: UserID) throws -> Bool {
        try db.exists("SELECT 1 FROM doctors WHERE id = \(doctor) AND is_verified")
    }

    func hasPatient(_ patient: PatientID) throws -> Bool {
        try db.exists("SELECT 1 FROM patients WHERE id = \(patient)")
    }

    /// `false` when the account has one for the patient that is not closed.
    func insert(
        _ id: BreakGlassID, user: UserID, role: Role, patient: PatientID, reason: [UInt8], at now: Instant
    ) throws -> Bool {
        try db.run(
            """
            INSERT INTO break_glass_grants (id, user_id, role, patient_id, reason, opened_at, ends_at)
            VALUES (\(id), \(user), \(role), \(patient), \(reason), \(now), \(now + BreakGlassGrant.lifetime))
            ON CONFLICT DO NOTHING
            """) == 1
    }

    /// Closes grants that have ended by themselves, so that another one can be opened.
    func closeEnded(of user: UserID, for patient: PatientID, at now: Instant) throws {
        try db.run(
            """
            UPDATE break_glass_grants SET closed_at = ends_at
            WHERE user_id = \(user) AND patient_id = \(patient) AND closed_at IS NULL AND ends_at <= \(now)
            """)
    }

    func find(_ id: BreakGlassID) throws -> BreakGlassGrant? {
        try db.first("\(Self.selected) WHERE g.id = \(id)")
    }

    func lock(_ id: BreakGlassID) throws -> BreakGlassGrant? {
        try db.first("\(Self.selected) WHERE g.id = \(id)\(db.dialect.forUpdate(of: "g"))")
    }

    func findUnclosed(of user: UserID, for patient: PatientID) throws -> BreakGlassGrant? {
        try db.first("\(Self.selected) WHERE g.user_id = \(user) AND g.patient_id = \(patient) AND g.closed_at IS NULL")
    }

    /// Ends it now, unless it has ended.
    func close(_ grant: BreakGlassGrant, by admin: UserID, at now: Instant) throws {
        try db.run(
            """
            UPDATE break_glass_grants
            SET closed_at = \(min(now, grant.endsAt)), closed_by = \(now < grant.endsAt ? admin : nil)
            WHERE id = \(grant.id) AND closed_at IS NULL
            """)
    }

    func review(_ grant: BreakGlassGrant, by admin: UserID, at now: Instant) throws {
        try db.run(
            """
            UPDATE break_glass_grants
            SET reviewed_at = \(now), reviewed_by = \(admin), is_self_reviewed = \(grant.userID == admin)
            WHERE id = \(grant.id)
            """)
    }

    /// The newest first.
    func page(_ search: BreakGlassSearch, _ request: PageRequest, at now: Instant) throws -> Page<BreakGlassGrant> {
        let conditions = Self.conditions(search, now)
        let batch = Batch()
        let grants = batch.all(
            BreakGlassGrant.self,
            """
            \(Self.selected)\(conditions)
            ORDER BY g.opened_at DESC, g.id DESC LIMIT \(request.limit) OFFSET \(request.offset)
            """)
        let total =
            request.isPaged ? batch.value(Int.self, "SELECT count(*) FROM break_glass_grants g\(conditions)") : nil
        try batch.run(db)
        return Page(fetched: try grants.value, request: request, total: try total?.value ?? nil)
    }

    private static func conditions(_ search: BreakGlassSearch, _ now: Instant) -> SQL {
        var parts: [SQL] = []
        if let user = search.user { parts.append("g.user_id = \(user)") }
        if let patient = search.patient { parts.append("g.patient_id = \(patient)") }
        switch search.status {
        case .open?: parts.append("g.closed_at IS NULL AND g.ends_at > \(now)")
        case .ended?: parts.append("g.reviewed_at IS NULL AND (g.closed_at IS NOT NULL OR g.ends_at <= \(now))")
        case .reviewed?: parts.append("g.reviewed_at IS NOT NULL")
        case nil: break
        }
        return parts.isEmpty ? "" : " WHERE " + SQL.joined(parts, separator: " AND ")
    }
}
