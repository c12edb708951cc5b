import CareSyncCore
package import NIOCore

/// A `multipart/form-data` body that a handler takes as it arrives, so that files need not fit into memory. Fields may
/// stand before and behind the files.
package struct StreamedForm: Decodable, Sendable {
    /// A file on its way.
    package struct File: Sendable {
        /// The name of its field.
        package let field: String
        package let name: String
        /// What the client claims.
        package let contentType: String?
        /// To be read once. What is left unread is skipped.
        package let content: Content
    }

    /// The bytes of one file, as they arrive.
    package struct Content: AsyncSequence, Sendable {
        fileprivate let reader: FormReader

        package struct Iterator: AsyncIteratorProtocol {
            fileprivate let reader: FormReader

            package mutating func next() async throws -> ByteBuffer? { try await reader.content() }
        }

        package func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }
    }

    private let body: StreamedBody
    private let contentType: String?

    init(_ body: StreamedBody, contentType: String?) throws {
        _ = try MultipartParser(contentType: contentType)
        self.body = body
        self.contentType = contentType
    }

    /// A form never comes as JSON.
    package init(from decoder: any Decoder) throws {
        throw InvalidValue("must be multipart/form-data")
    }

    /// Reads the form to its end, and hands each file over when it begins; the fields, wherever they stood.
    ///
    /// - Parameter fieldLimit: bytes of one field; more is 413.
    package func read(
        fieldLimit: Int = 64 << 10, _ file: (File) async throws -> Void
    ) async throws -> [String: String] {
        let reader = FormReader(body.makeAsyncIterator(), parser: try MultipartParser(contentType: contentType))
        var fields: [String: String] = [:]
        while let part = try await reader.part() {
            guard let name = part.fileName else {
                var text = ByteBuffer()
                while let piece = try await reader.content() {
                    text.writeImmutableBuffer(piece)
                    guard text.readableBytes <= fieldLimit else { throw Problem.bodyTooLarge }
                }
                fields[part.field] = try MultipartParser.text(text)
                continue
            }
            try await file(
                File(
                    field: part.field, name: name, contentType: part.contentType, content: Content(reader: reader)))
            while try await reader.content() != nil {}
        }
        return fields
    }
}

/// Where a form is being read.
private final class FormReader: @unchecked Sendable {
    // Safe: a form is read by the one task of its request, piece after piece.
    private var pieces: StreamedBody.Iterator
    private var parser: MultipartParser
    private var isInPart = false

    init(_ pieces: StreamedBody.Iterator, parser: MultipartParser) {
        self.pieces = pieces
        self.parser = parser
    }

    /// The next part; `nil` behind the last one.
    func part() async throws -> MultipartPart? {
        switch try await piece() {
        case .part(let part):
            isInPart = true
            return part
        case .end:
            // Anything after the last boundary is ignored.
            while try await pieces.next() != nil {}
            return nil
        case .content, .partEnd: throw MultipartParser.broken
        }
    }

    /// More of the present part; `nil` at its end.
    func content() async throws -> ByteBuffer? {
        guard isInPart else { return nil }
        if case .content(let bytes) = try await piece() { return bytes }
        isInPart = false
        return nil
    }

    private func piece() async throws -> MultipartParser.Piece {
        while true {
            if let piece = try parser.next() { return piece }
            guard let bytes = try await pieces.next() else { throw MultipartParser.broken }
            parser.append(bytes)
        }
    }
}
