import CareSyncCore
import Identity
import WebAPI

/// A document on the wire: `DocumentDto` of the published API, with the other names that the published client reads.
package struct DocumentResponse: WireResponse {
    let id: DocumentID
    let filename: String
    let originalFilename: String
    let url: String
    let downloadUrl: String
    let fileUrl: String
    let filePath: String
    let cloudinaryUrl: String
    let size: Int64
    let fileSize: Int64
    let uploadDate: LocalDateTime
    let description: String?
    let contentType: String
    let documentType: DocumentType
}

/// What an upload answers.
struct UploadResponse: WireResponse {
    let id: DocumentID
    let filename: String
    let originalFilename: String
    let url: String
    let downloadUrl: String
    let fileUrl: String
    let filePath: String
    let cloudinaryUrl: String
    /// Of a profile image.
    let imageUrl: String?
    let size: Int64
    let fileSize: Int64
    let uploadDate: LocalDateTime
    let description: String?
    let contentType: String
    let documentType: DocumentType
    let certificateId: Int64?
    let message: String
}

/// Puts documents on the wire, with links that their reader can follow.
struct DocumentPresenter: Sendable {
    let links: DocumentLinks
    let zone: ClinicZone

    func response(_ document: Document, for reader: UserID, at now: Instant) -> DocumentResponse {
        let url = links.address(of: document, for: reader, .inline, at: now)
        return DocumentResponse(
            id: document.id, filename: document.name, originalFilename: document.name, url: url,
            downloadUrl: links.address(of: document, for: reader, .attachment, at: now), fileUrl: url, filePath: url,
            cloudinaryUrl: url, size: document.size, fileSize: document.size,
            uploadDate: zone.local(document.uploadedAt), description: document.description,
            contentType: document.contentType, documentType: document.type)
    }

    func response(_ stored: UploadService.Stored, for reader: UserID, at now: Instant) -> UploadResponse {
        let shown = response(stored.document, for: reader, at: now)
        return UploadResponse(
            id: shown.id, filename: shown.filename, originalFilename: shown.originalFilename, url: shown.url,
            downloadUrl: shown.downloadUrl, fileUrl: shown.fileUrl, filePath: shown.filePath,
            cloudinaryUrl: shown.cloudinaryUrl,
            imageUrl: stored.document.type == .profileImage ? shown.url : nil, size: shown.size,
            fileSize: shown.fileSize, uploadDate: shown.uploadDate, description: shown.description,
            contentType: shown.contentType, documentType: shown.documentType, certificateId: stored.certificate,
            message: "File uploaded successfully")
    }
}
