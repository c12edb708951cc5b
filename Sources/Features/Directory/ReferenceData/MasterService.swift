import AuditTrail
import CareSyncCore
import Persistence

/// The value lists of the forms, and additions to them.
struct MasterService: Sendable {
    static let defaultOrganisation: Int64 = 91

    let database: any Database
    private let cache = MasterCache()

    init(database: any Database) {
        self.database = database
    }

    func answers(for organisation: Int64) async throws -> MasterResponses {
        let time = database.services.time
        if let known = cache.answers(for: organisation, at: time.now) { return known }
        let generation = cache.generation
        let rows = try await database.read { try MasterRepository(db: $0).list(of: organisation) }
        let answers = try MasterResponses(rows)
        cache.store(answers, for: organisation, at: time.now, generation: generation)
        return answers
    }

    func add(_ draft: MasterDraft, by origin: RequestOrigin) async throws {
        guard !draft.list.isReadOnly else { throw MasterError.readOnly }
        try Self.check(draft)
        let cache = cache
        try await database.write { db in
            guard let id = try MasterRepository(db: db).insert(draft) else { throw MasterError.exists }
            db.audit(AuditEntry(.adminAction, "master_values", String(id), by: origin))
            db.scope.afterCommit { cache.evict() }
        }
    }

    private static func check(_ draft: MasterDraft) throws {
        var errors: [FieldError] = []
        if let complaint = TextSort.name.complaint(draft.value, limit: draft.list.limit, needsContent: true) {
            errors.append(FieldError(field: "value", message: complaint))
        } else if draft.list == .languages, TextKey.folded(draft.value).utf8.contains(UInt8(ascii: ",")) {
            // A doctor's languages are joined by commas, so nobody could choose this one.
            errors.append(FieldError(field: "value", message: "must not contain a comma"))
        }
        if !errors.isEmpty { throw Problem.validation(errors) }
    }
}
