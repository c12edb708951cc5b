import CareSyncCore
package import NIOCore

/// The parts of a `multipart/form-data` body (RFC 7578), held in memory: an endpoint's body limit bounds it. What is too
/// large for that is a ``StreamedForm``.
package struct MultipartForm: Decodable, Sendable {
    package struct File: Sendable {
        package let name: String
        /// What the client claims; the documents feature looks at the bytes.
        package let contentType: String?
        package let bytes: ByteBuffer
    }

    package let fields: [String: String]
    package let files: [String: File]

    /// A form never comes as JSON.
    package init(from decoder: any Decoder) throws {
        throw InvalidValue("must be multipart/form-data")
    }

    init(_ incoming: IncomingRequest) throws {
        var parser = try MultipartParser(contentType: incoming.contentType)
        parser.append(incoming.metadata.body)
        var (fields, files): ([String: String], [String: File]) = ([:], [:])
        var part: MultipartPart?
        var content = ByteBuffer()
        loop: while true {
            switch try parser.next() {
            case .part(let begun): (part, content) = (begun, ByteBuffer())
            case .content(let bytes): content.writeImmutableBuffer(bytes)
            case .partEnd:
                guard let part else { throw MultipartParser.broken }
                if let name = part.fileName {
                    files[part.field] = File(name: name, contentType: part.contentType, bytes: content)
                } else {
                    fields[part.field] = try MultipartParser.text(content)
                }
            case .end: break loop
            case nil: throw MultipartParser.broken
            }
        }
        (self.fields, self.files) = (fields, files)
    }
}
