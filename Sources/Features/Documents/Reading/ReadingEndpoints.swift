import CareSyncCore
import SealedFiles
import WebAPI

struct FilePath: Codable, Sendable {
    let documentId: DocumentID
    let exp: Int64?
    let reader: UserID?
    let sig: String?

    var link: FileLink? { sig.map { FileLink(exp: exp, reader: reader, sig: $0) } }
}

extension FilePath: Documented {
    static let notes: [String: FieldNote] = [
        "exp": "When the link ends, in seconds since 1970.",
        "reader": "The account the link was made for.",
        "sig": "The signature of a link that this server made; with it no token is needed.",
    ]
}

struct ReadingEndpoints: Sendable {
    let reading: DocumentReading

    private static let readers = Access.rolesOrLink([.patient, .doctor, .admin])

    var all: [Endpoint] {
        [
            .get(
                "/api/files/view/{documentId}", "Show a document",
                """
                Patients their own; doctors their own and those of patients they treat; administrators doctors' \
                certificates and identification; everyone profile images; and whoever has a signed link. What a browser \
                cannot show safely is sent as an attachment. Audited.
                """,
                access: Self.readers, fails: DocumentError.refusedReads, use: view),
            .get(
                "/api/files/download/{documentId}", "Download a document",
                "Patients, doctors and administrators, as for showing it.",
                access: Self.readers, fails: DocumentError.refusedReads, use: download),
        ]
    }

    func view(_ request: EndpointRequest<FilePath, NoBody>) async throws -> RangedResponse {
        try await answer(request, .inline)
    }

    func download(_ request: EndpointRequest<FilePath, NoBody>) async throws -> RangedResponse {
        try await answer(request, .attachment)
    }

    private func answer(
        _ request: EndpointRequest<FilePath, NoBody>, _ disposition: ContentDisposition
    ) async throws -> RangedResponse {
        let id = request.parameters.documentId
        let document: OpenedDocument
        if let link = request.parameters.link {
            document = try await reading.open(id, by: link, disposition, origin: request.origin)
        } else {
            document = try await reading.open(id, for: Reader(try request.principal), origin: request.origin)
        }
        let range = try request.metadata.range(of: document.document.size)
        let content = try await reading.content(of: document, range: range)
        return reading.response(document, content, disposition, range: range)
    }
}

extension DocumentReading {
    private static let sandbox = "default-src 'none'; sandbox"
    /// The viewers of browsers are pages of their own, which a sandbox would keep from working.
    private static let viewer =
        "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"

    func response(
        _ opened: OpenedDocument, _ content: SealedContent, _ wanted: ContentDisposition, range: Range<Int64>?,
        acceptsRanges: Bool = true
    ) -> RangedResponse {
        let document = opened.document
        let disposition = opened.isShownInline ? wanted : .attachment
        let isViewer = disposition == .inline && document.contentType == "application/pdf"
        return RangedResponse(
            contentType: document.contentType, length: document.size, range: range, name: document.name,
            disposition: disposition, policy: isViewer ? Self.viewer : Self.sandbox,
            cacheControl: document.isPublic ? "private, max-age=300" : "no-store", acceptsRanges: acceptsRanges
        ) { writer in
            do {
                try await content.write { try await writer.write($0) }
            } catch {
                noteDamage(error, in: document)
                throw error
            }
        }
    }
}
