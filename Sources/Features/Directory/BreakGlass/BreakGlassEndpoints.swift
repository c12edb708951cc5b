import CareSyncCore
import Identity
import Persistence
import WebAPI

struct BreakGlassRequest: Codable, Sendable, Validated {
    var patientId: PatientID
    /// Why this patient, now; the patient and the reviewer read it.
    var reason: String

    static let rules: [Rule<Self>] = [
        Rule(
            "reason", .text(minimum: 10, maximum: 500, pattern: TextSort.paragraph.pattern(needsContent: true))
        ) { request in
            guard (10...500).contains(request.words.unicodeScalars.count) else {
                return "must have 10 to 500 characters"
            }
            return TextSort.paragraph.complaint(request.words, limit: 500, needsContent: true)
        }
    ]

    /// The reason without white space around it.
    var words: String { TextSort.trimmed(reason) }
}

struct BreakGlassListParameters: Codable, Sendable, PagedParameters {
    var status: BreakGlassStatus?
    /// Who opened it.
    var userId: UserID?
    var patientId: PatientID?
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging

    var search: BreakGlassSearch { BreakGlassSearch(status: status, user: userId, patient: patientId) }
}

struct BreakGlassResponse: WireResponse {
    let id: BreakGlassID
    let userId: UserID
    let username: String
    let role: Role
    let patientId: PatientID
    /// `null` once the patient is erased.
    let reason: String?
    let status: BreakGlassStatus
    let openedAt: Instant
    /// It ends by itself then.
    let endsAt: Instant
    /// When it ended before that.
    let closedAt: Instant?
    let reviewedAt: Instant?
    let reviewedBy: String?
    /// Whether the reviewer had opened it.
    let selfReviewed: Bool

    init(_ read: BreakGlassService.Read, at now: Instant) {
        let grant = read.grant
        id = grant.id
        userId = grant.userID
        username = grant.username
        role = grant.role
        patientId = grant.patientID
        reason = read.reason
        status = grant.reviewedAt != nil ? .reviewed : grant.isOpen(at: now) ? .open : .ended
        openedAt = grant.openedAt
        endsAt = grant.endsAt
        closedAt = grant.closedAt
        reviewedAt = grant.reviewedAt
        reviewedBy = grant.reviewer
        selfReviewed = grant.isSelfReviewed
    }
}

struct BreakGlassEndpoints: Sendable {
    let grants: BreakGlassService

    var all: [Endpoint] {
        [
            .post(
                "/api/break-glass", "Open the data of a patient I do not treat, for an hour",
                """
                Verified doctors and administrators, in an emergency. Patient and administrators are told by \
                mail, and an administrator reviews it.
                """,
                access: .roles([.doctor, .admin]),
                fails: [
                    BreakGlassError.notVerified, .patientNotFound,
                    .alreadyOpen(BreakGlassID(1), until: Instant(seconds: 0)),
                ], settings: .mostSensitive, use: open),
            .get(
                "/api/break-glass", "Break-glass grants for review, newest first",
                "Administrators. The grants and their reasons; reading them leaves a line in the log.",
                access: .role(.admin), use: list),
            .post(
                "/api/break-glass/{id}/close", "End a grant and review it",
                "Administrators. Their own only a day after it was opened.", access: .role(.admin),
                fails: [BreakGlassError.notFound, .reviewed, .ownGrant], use: close),
        ]
    }

    func open(_ request: EndpointRequest<NoParameters, BreakGlassRequest>) async throws -> BreakGlassResponse {
        let opened = try await grants.open(
            request.body.patientId, because: request.body.words, by: request.principal, origin: request.origin)
        return BreakGlassResponse(opened, at: request.metadata.receivedAt)
    }

    func list(_ request: EndpointRequest<BreakGlassListParameters, NoBody>) async throws -> PagedResponse<
        BreakGlassResponse
    > {
        let page = try await grants.list(
            request.parameters.search, request.parameters.request, origin: request.origin)
        return PagedResponse(page.map { BreakGlassResponse($0, at: request.metadata.receivedAt) })
    }

    func close(_ request: EndpointRequest<IDPath<BreakGlassTag>, NoBody>) async throws -> BreakGlassResponse {
        let closed = try await grants.close(request.parameters.id, by: request.principal, origin: request.origin)
        return BreakGlassResponse(closed, at: request.metadata.receivedAt)
    }
}
