import AuditTrail
import CareSyncCore
import Outbox
import Persistence
import WebAPI

/// What waits in the outbox or has been given up, for administrators.
struct OutboxEntryResponse: WireResponse {
    let id: Int64
    let kind: String
    /// What it is about, such as `appointment/42`, and what else tells it from others of its kind.
    let subject: String
    let state: OutboxAdministration.State
    let createdAt: Instant
    /// When it is tried next.
    let dueAt: Instant
    let attempts: Int
    /// A code.
    let lastError: String?
    let parkedAt: Instant?

    init(_ entry: OutboxEntry) {
        id = entry.id
        kind = entry.kind
        subject = entry.key
        state = entry.parkedAt == nil ? .pending : .parked
        createdAt = entry.createdAt
        dueAt = entry.dueAt
        attempts = entry.attempts
        lastError = entry.lastError
        parkedAt = entry.parkedAt
    }
}

struct OutboxParameters: Codable, Sendable, PagedParameters {
    var state: OutboxAdministration.State?
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

enum OutboxTag {}

enum OutboxError: FailureCatalogue, CaseIterable {
    case notFound
    case notParked

    var problem: Problem {
        switch self {
        case .notFound: Problem(.notFound, "OUTBOX_MESSAGE_NOT_FOUND", "There is no such message.")
        case .notParked:
            Problem(.conflict, "OUTBOX_MESSAGE_NOT_PARKED", "Only a job that was given up can be retried.")
        }
    }
}

/// Lets administrators see which jobs have not been carried out, and retry those that were given up.
struct OutboxEndpoints: Sendable {
    let database: any Database

    private static let base = "/api/admin/outbox"

    var all: [Endpoint] {
        [
            .get(
                Self.base, "Jobs that wait or were given up, newest first",
                "Administrators. Mails, reminders and other effects that have not happened yet.", access: .role(.admin),
                use: list),
            .post(
                "\(Self.base)/{id}/retry", "Retry a job that was given up",
                "Administrators. It is due at once, with all its tries before it.", access: .role(.admin),
                fails: [OutboxError.notFound, .notParked], use: retry),
        ]
    }

    func list(_ request: EndpointRequest<OutboxParameters, NoBody>) async throws -> PagedResponse<OutboxEntryResponse> {
        let (asked, origin) = (request.parameters, request.origin)
        let page = try await database.readAudited { db in
            (
                try OutboxAdministration(db: db).page(asked.state, asked.request),
                [AuditEntry(.adminAction, "outbox", "", by: origin, reason: "LISTED")]
            )
        }
        return PagedResponse(page.map(OutboxEntryResponse.init))
    }

    func retry(_ request: EndpointRequest<IDPath<OutboxTag>, NoBody>) async throws -> OutboxEntryResponse {
        let (id, origin) = (request.parameters.id, request.origin)
        let entry = try await database.write { db in
            switch try OutboxAdministration(db: db).retry(id.rawValue) {
            case .unknown: throw OutboxError.notFound
            case .notParked: throw OutboxError.notParked
            case .unparked(let entry):
                db.audit(
                    AuditEntry(
                        .adminAction, "outbox", id.description, by: origin, reason: "RETRIED", before: "PARKED",
                        after: "PENDING"))
                return entry
            }
        }
        return OutboxEntryResponse(entry)
    }
}
