import CareSyncCore
import Cryptography
import WebAPI

/// Addresses of files that work without a header.
///
/// Most are signed for one document, one reader and one way of showing it, and expire. Those of profile images and
/// certificates never do, so that lists and pages of doctors can be cached; they end with the document.
struct DocumentLinks: Sendable {
    private let base: String
    private let lifetime: TimeSpan
    private let hash: KeyedHash

    init(base: String, lifetime: TimeSpan, root: RootSecret) {
        self.base = base
        self.lifetime = lifetime
        hash = KeyedHash(root.derive(.link))
    }

    /// Where a reader finds a document.
    func address(
        of document: Document, for reader: UserID, _ disposition: ContentDisposition, at now: Instant
    ) -> String {
        if document.isPublic { return publicAddress(of: document.id, disposition) }
        let expiry = (now + lifetime).seconds
        let code = signature(document.id, reader, expiry, disposition)
        return "\(path(document.id, disposition))?exp=\(expiry)&reader=\(reader)&sig=\(code)"
    }

    func publicAddress(of document: DocumentID, _ disposition: ContentDisposition) -> String {
        "\(path(document, disposition))?sig=\(publicSignature(document, disposition))"
    }

    /// What every address of a document has in it and no other text does.
    static func mark(of document: DocumentID) -> String { "/api/files/view/\(document)?sig=" }

    /// Whom a link was signed for; `nil` for a public one. Throws when the signature is not ours, or its time is over.
    func reader(
        of link: FileLink, to document: DocumentID, _ disposition: ContentDisposition, at now: Instant
    ) throws -> UserID? {
        guard let expiry = link.exp, let reader = link.reader else {
            guard link.exp == nil, link.reader == nil, link.isSigned(publicSignature(document, disposition)) else {
                throw DocumentError.linkInvalid
            }
            return nil
        }
        guard link.isSigned(signature(document, reader, expiry, disposition)) else { throw DocumentError.linkInvalid }
        guard now.seconds < expiry else { throw DocumentError.linkExpired }
        return reader
    }

    /// The secret part of a share's address, made again whenever it is shown.
    func shareToken(_ share: ShareID) -> String {
        signature(["document share", "\(share)"])
    }

    func shareAddress(_ share: ShareID) -> String { "\(base)/public/documents/\(shareToken(share))" }

    private func path(_ document: DocumentID, _ disposition: ContentDisposition) -> String {
        "\(base)/api/files/\(disposition == .inline ? "view" : "download")/\(document)"
    }

    private func signature(
        _ document: DocumentID, _ reader: UserID, _ expiry: Int64, _ disposition: ContentDisposition
    ) -> String {
        signature(["document", "\(document)", "\(reader)", "\(expiry)", disposition.rawValue])
    }

    private func publicSignature(_ document: DocumentID, _ disposition: ContentDisposition) -> String {
        signature(["public document", "\(document)", disposition.rawValue])
    }

    private func signature(_ parts: [String]) -> String {
        Base64.urlText(hash.code(forParts: parts.map { Array($0.utf8) }))
    }
}

/// What a link says beside the document: `sig` makes one, the others are missing from public ones.
struct FileLink: Sendable {
    let exp: Int64?
    let reader: UserID?
    let sig: String

    /// Compared as text: of some texts several stand for the same bytes.
    fileprivate func isSigned(_ signature: String) -> Bool {
        constantTimeEquals(Array(sig.utf8), Array(signature.utf8))
    }
}
