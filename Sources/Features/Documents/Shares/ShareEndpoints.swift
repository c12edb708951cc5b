import CareSyncCore
import WebAPI

struct SharePath: Codable, Sendable {
    let id: DocumentID
    let shareId: ShareID
}

struct SharesPath: Codable, Sendable, PagedParameters {
    let id: DocumentID
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

struct ShareTokenPath: Codable, Sendable, Validated {
    let token: String
    var open: Int?

    static let rules: [Rule<Self>] = [.range("open", \.open, 0...1)]
}

extension ShareTokenPath: Documented {
    static let notes: [String: FieldNote] = [
        "token": "The secret part of the address.",
        "open": FieldNote("1 opens the document at once, without the page that browsers get first.", default: 0),
    ]
}

struct AddShareRequest: Codable, Sendable, Validated {
    var expiresInHours: Int?
    var maxViews: Int?

    static let rules: [Rule<Self>] = [
        .range("expiresInHours", \.expiresInHours, 1...720), .range("maxViews", \.maxViews, 1...1_000),
    ]
}

extension AddShareRequest: Documented {
    static let notes: [String: FieldNote] = [
        "expiresInHours": FieldNote("How many hours the link works.", default: 72),
        "maxViews": "How often the document can be opened; any number of times when it is missing.",
    ]
}

struct ShareResponse: WireResponse {
    let id: ShareID
    let url: String
    let expiresAt: Instant
    let maxViews: Int?
    let views: Int

    init(_ share: DocumentShare, links: DocumentLinks) {
        id = share.id
        url = links.shareAddress(share.id)
        expiresAt = share.expiresAt
        maxViews = share.maxViews
        views = share.views
    }
}

extension ShareResponse: Documented {
    static let notes: [String: FieldNote] = [
        "url": "The address to give away.", "expiresAt": "When the link ends.",
        "maxViews": "How often the document can be opened; `null` for any number of times.",
        "views": "How often it was opened.",
    ]
}

struct ShareEndpoints: Sendable {
    let shares: ShareService

    private static let standardHours = 72

    var all: [Endpoint] {
        [
            .post(
                "/api/documents/{id}/shares", "Share a document",
                "Patients, documents about them: a link that opens it without signing in, until it expires.",
                access: .role(.patient), status: 201, fails: [DocumentError.notFound, .tooManyShares], use: add),
            .get(
                "/api/documents/{id}/shares", "The shares of a document",
                "Patients, of documents about them; those that are over too, unless they were ended.",
                access: .role(.patient), fails: [DocumentError.notFound], use: list),
            .delete(
                "/api/documents/{id}/shares/{shareId}", "End a share",
                "Patients, of documents about them. The link opens nothing from then on.", access: .role(.patient),
                fails: [DocumentError.notFound, .shareNotFound], use: revoke),
            .get(
                "/public/documents/{token}", "Open a shared document",
                """
                Anyone who has the link. Each time counts as a view. Browsers get a page with a button first, which does \
                not.
                """, access: .public,
                fails: [DocumentError.shareNotFound, .storageUnavailable, .damaged], settings: .expensive,
                use: view),
        ]
    }

    func add(
        _ request: EndpointRequest<IDPath<DocumentTag>, AddShareRequest>
    ) async throws -> IdempotentResponse<ShareResponse> {
        let answer = { @Sendable [links = shares.links] (share: DocumentShare) in ShareResponse(share, links: links) }
        let outcome = try await shares.add(
            to: request.parameters.id, lasting: .hours(Int64(request.body.expiresInHours ?? Self.standardHours)),
            maxViews: request.body.maxViews, by: try request.principal.requirePatient(), origin: request.origin,
            idempotency: try request.idempotency(answer))
        return IdempotentResponse.from(outcome, answer)
    }

    func list(_ request: EndpointRequest<SharesPath, NoBody>) async throws -> PagedResponse<ShareResponse> {
        let found = try await shares.list(
            of: request.parameters.id, for: try request.principal.requirePatient(), request.parameters.request)
        return PagedResponse(found.map { ShareResponse($0, links: shares.links) })
    }

    func revoke(_ request: EndpointRequest<SharePath, NoBody>) async throws -> MessageResponse {
        try await shares.revoke(
            request.parameters.shareId, of: request.parameters.id, by: try request.principal.requirePatient(),
            origin: request.origin)
        return MessageResponse(message: "Share ended")
    }

    func view(_ request: EndpointRequest<ShareTokenPath, NoBody>) async throws -> SharedDocument {
        let (metadata, token) = (request.metadata, request.parameters.token)
        if metadata.asksForHTML, request.parameters.open != 1 {
            try await shares.requireOpen(token)
            return .page(
                HTMLPage(
                    title: "Shared document", heading: "A document was shared with you.",
                    facts: [("Each time it is opened counts", "the link may end after the last one")],
                    button: HTMLPage.Button(label: "Open the document", name: "open", value: "1")))
        }
        let (opened, content) = try await shares.view(token, countsView: !metadata.isHead, origin: request.origin)
        return .file(shares.reading.response(opened, content, .inline, range: nil, acceptsRanges: false))
    }
}

/// What a link opens; a browser gets the page first, so that previews and reloads of it open nothing.
enum SharedDocument: ResponseConvertible {
    case page(HTMLPage)
    case file(RangedResponse)

    static var described: ResponseDescription { .page(.binary(contentType: "application/octet-stream")) }

    func response(to request: RequestMetadata) throws -> Response {
        var response =
            switch self {
            case .page(let page): page.response(to: request)
            case .file(let file): try file.response(to: request)
            }
        response.headers.append((name: "Vary", value: "Origin, Accept"))
        return response
    }
}
