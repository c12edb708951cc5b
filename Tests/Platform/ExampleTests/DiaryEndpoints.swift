import CareSyncCore
import Persistence
import WebAPI

struct WriteEntryRequest: Codable, Sendable, Validated {
    var text: String
    var remindInMinutes: Int?

    /// Checked before the handler runs, and shown in the OpenAPI document.
    static let rules: [Rule<Self>] = [
        .text("text", \.text, .paragraph, 2_000), .range("remindInMinutes", \.remindInMinutes, 1...10_080),
    ]
}

struct DiaryEntryResponse: WireResponse {
    let id: DiaryEntryID
    let text: String?
    let writtenAt: Instant
    let remindedAt: Instant?

    init(_ entry: DiaryEntry) {
        id = entry.id
        text = entry.text
        writtenAt = entry.writtenAt
        remindedAt = entry.remindedAt
    }
}

/// HTTP to service and back. One line declares the route, who may call it, what it takes and how it can fail.
struct DiaryEndpoints: Sendable {
    let diaries: DiaryService

    var all: [Endpoint] {
        [
            .post(
                "/api/diaries/entries", "Write an entry", access: .role(.patient), fails: DiaryError.catalogue,
                use: write),
            .get("/api/diaries/entries", "My entries", access: .role(.patient), use: list),
        ]
    }

    func write(_ request: EndpointRequest<NoParameters, WriteEntryRequest>) async throws -> IdempotentResponse<
        DiaryEntryResponse
    > {
        let outcome = try await diaries.write(
            request.body.text, remindAfter: request.body.remindInMinutes.map { .minutes(Int64($0)) },
            for: try request.principal.requirePatient(), by: request.origin,
            once: try request.idempotency(DiaryEntryResponse.init))
        return IdempotentResponse.from(outcome, DiaryEntryResponse.init)
    }

    func list(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<DiaryEntryResponse> {
        let page = try await diaries.list(
            of: try request.principal.requirePatient(), request.parameters.request, by: request.origin)
        return PagedResponse(page.map(DiaryEntryResponse.init))
    }
}
