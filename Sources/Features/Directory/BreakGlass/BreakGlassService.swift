import AuditTrail
import CareSyncCore
import Mail
import Persistence

/// Opens the data of a patient to somebody who does not treat them, and has the access reviewed afterwards
/// (rules/access 7 and 8).
struct BreakGlassService: Sendable {
    let database: any Database
    let vault: PatientVault

    /// A grant with its reason; without it when the patient is erased, or the key is lost.
    typealias Read = (grant: BreakGlassGrant, reason: String?)

    /// Throws `BREAK_GLASS_OPEN` when one is open: its reason stays the one that was given first.
    func open(
        _ patient: PatientID, because reason: String, by caller: Principal, origin: RequestOrigin
    ) async throws -> Read {
        try await database.write { db in
            try requireRight(of: caller, to: patient, db)
            let grants = BreakGlassRepository(db: db)
            let now = db.now
            try grants.closeEnded(of: caller.userID, for: patient, at: now)
            let id = BreakGlassID(try db.nextID(BreakGlassSchema.ids))
            let sealed = try vault.seal(reason, of: patient, at: BreakGlassGrant.reasonField(id), db)
            let isNew = try grants.insert(
                id, user: caller.userID, role: caller.role, patient: patient, reason: sealed, at: now)
            guard isNew, let grant = try grants.find(id) else {
                guard let open = try grants.findUnclosed(of: caller.userID, for: patient) else {
                    throw DatabaseFailure.conflict(code: "grant gone")
                }
                throw BreakGlassError.alreadyOpen(open.id, until: open.endsAt)
            }
            audit("OPENED", grant, origin, db)
            try db.enqueue(BreakGlassMail.order(id))
            try db.emit(
                BreakGlassOpened(
                    grant: id, user: caller.userID, role: caller.role, patient: patient, endsAt: grant.endsAt))
            return (grant, reason)
        }
    }

    private func requireRight(of caller: Principal, to patient: PatientID, _ db: any Connection) throws {
        let grants = BreakGlassRepository(db: db)
        guard try caller.role != .doctor || grants.isVerified(caller.userID) else {
            throw BreakGlassError.notVerified
        }
        guard try grants.hasPatient(patient), try !vault.key(for: patient, db).isErased else {
            throw BreakGlassError.patientNotFound
        }
    }

    /// The log names every patient whose reason is shown.
    func list(
        _ search: BreakGlassSearch, _ request: PageRequest, origin: RequestOrigin
    ) async throws -> Page<Read> {
        try await database.readAudited { db in
            let page = try BreakGlassRepository(db: db).page(search, request, at: db.now)
            let keys = try vault.keys(for: page.items.map(\.patientID), db)
            let read: Page<Read> = try page.map { grant in
                let reason = try keys[grant.patientID].flatMap {
                    try vault.open(grant.sealedReason, with: $0, at: BreakGlassGrant.reasonField(grant.id))
                }
                return (grant, reason)
            }
            var entries = [AuditEntry(.adminAction, "break_glass_grants", "", by: origin, reason: "LISTED")]
            if !keys.isEmpty {
                entries.append(
                    AuditEntry(
                        .readPHI, "break_glass_grants", "", by: origin, patients: keys.keys,
                        reason: "BREAK_GLASS_REVIEW"))
            }
            return (read, entries)
        }
    }

    /// Ends a grant and reviews it. Administrators can only end their own until a day has passed; a later review of it
    /// is flagged.
    func close(_ id: BreakGlassID, by admin: Principal, origin: RequestOrigin) async throws -> Read {
        try await database.write { db in
            let grants = BreakGlassRepository(db: db)
            let now = db.now
            guard let grant = try grants.lock(id) else { throw BreakGlassError.notFound }
            guard grant.reviewedAt == nil else { throw BreakGlassError.reviewed }
            let mayReview = grant.userID != admin.userID || now >= grant.openedAt + BreakGlassGrant.selfReviewDelay
            guard mayReview || grant.isOpen(at: now) else { throw BreakGlassError.ownGrant }
            try grants.close(grant, by: admin.userID, at: now)
            if mayReview { try grants.review(grant, by: admin.userID, at: now) }
            audit(!mayReview ? "ENDED" : grant.userID == admin.userID ? "SELF_REVIEWED" : "REVIEWED", grant, origin, db)
            guard let closed = try grants.find(id) else { throw BreakGlassError.notFound }
            let reason = try vault.open(
                closed.sealedReason, of: closed.patientID, at: BreakGlassGrant.reasonField(id), db)
            return (closed, reason)
        }
    }

    /// The reason itself stays in the grant; the patient reads it through the access log.
    private func audit(_ step: String, _ grant: BreakGlassGrant, _ origin: RequestOrigin, _ db: any Connection) {
        db.audit(
            AuditEntry(
                .breakGlass, "break_glass_grants", grant.id.description, by: origin, patient: grant.patientID,
                reason: step))
    }
}
