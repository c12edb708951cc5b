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
        if draft.value.isEmpty {
            errors.append(FieldError(field: "value", message: "must not be blank"))
        } else if draft.value.unicodeScalars.count > draft.list.limit {
            let message = "must have at most \(draft.list.limit) characters"
            errors.append(FieldError(field: "value", message: message))
        }
        let texts = [("value", draft.value), ("code", draft.code ?? ""), ("description", draft.description ?? "")]
        for (field, text) in texts where FoldedText.hidesCharacters(text) {
            errors.append(FieldError(field: field, message: "must not contain control characters"))
        }
        if !errors.isEmpty { throw Problem.validation(errors) }
    }
}
