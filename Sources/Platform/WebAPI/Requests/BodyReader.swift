import CareSyncCore
import JSONCoding
import NIOCore

/// Turns the bytes of a request into the body type of an endpoint.
enum BodyReader {
    static func reader<Body: Decodable & Sendable>(
        for type: Body.Type
    ) -> @Sendable (IncomingRequest) throws -> Body {
        if let none = NoBody() as? Body { return { _ in none } }
        if type is StreamedBody.Type {
            return { try streamed($0) }
        }
        if type is RawBody.Type {
            return { try cast(RawBody(Array($0.metadata.body.readableBytesView))) }
        }
        if type is StreamedForm.Type {
            return { incoming in
                guard let stream = incoming.stream else { throw Problem.fault }
                return try cast(StreamedForm(stream, contentType: incoming.contentType))
            }
        }
        if let form = type as? any FileFormBody.Type {
            return { incoming in
                guard let stream = incoming.stream else { throw Problem.fault }
                return try cast(form.init(stream, incoming))
            }
        }
        if type is MultipartForm.Type {
            return { try cast(MultipartForm($0)) }
        }
        return { try json(type, $0) }
    }

    private static func streamed<Body: Sendable>(_ incoming: IncomingRequest) throws -> Body {
        guard let stream = incoming.stream else { throw Problem.fault }
        return try cast(stream)
    }

    private static func cast<Body: Sendable>(_ value: any Sendable) throws -> Body {
        guard let body = value as? Body else { throw Problem.fault }
        return body
    }

    /// Whether a request may come without a body.
    static func isOptional(_ type: any Decodable.Type) -> Bool { type is any OptionalBody.Type }

    /// Whether the handler takes the body as it arrives.
    static func isStreamed(_ type: any Decodable.Type) -> Bool {
        type is StreamedBody.Type || type is StreamedForm.Type || type is any FileFormBody.Type
    }

    private static func json<Body: Decodable>(_ type: Body.Type, _ incoming: IncomingRequest) throws -> Body {
        let bytes = incoming.metadata.body
        if let contentType = incoming.contentType, !isJSON(contentType) {
            throw Problem(.unsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.")
        }
        guard bytes.readableBytes > 0 || isOptional(type) else {
            throw Problem(.badRequest, "MALFORMED_REQUEST", "A JSON body is required.")
        }
        let text = bytes.readableBytes > 0 ? Array(bytes.readableBytesView) : Array("{}".utf8)
        let body = try JSONBodyDecoder.decode(type, from: text)
        try check(body)
        return body
    }

    /// Applies the rules of a type that has any.
    static func check(_ value: some Any) throws {
        guard let validated = value as? any Validated else { return }
        let errors = validated.fieldErrors()
        if !errors.isEmpty { throw Problem.validation(errors) }
    }

    private static func isJSON(_ contentType: String) -> Bool {
        let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        return type == "application/json" || type.hasSuffix("+json")
    }
}
