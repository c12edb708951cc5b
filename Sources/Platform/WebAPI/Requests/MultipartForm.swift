import CareSyncCore
package import NIOCore

/// The parts of a `multipart/form-data` body (RFC 7578), held in memory: an endpoint's body limit bounds it.
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

    init(_ incoming: IncomingCall) throws {
        guard let contentType = incoming.contentType, contentType.lowercased().hasPrefix("multipart/form-data") else {
            throw Problem(.unsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "The body must be multipart/form-data.")
        }
        guard let boundary = HeaderParameters(contentType)["boundary"], (1...70).contains(boundary.utf8.count) else {
            throw Self.malformed("The boundary is missing.")
        }
        var parser = MultipartParser(body: incoming.facts.body, boundary: boundary)
        (fields, files) = try parser.parts()
    }

    static func malformed(_ message: String) -> Problem {
        Problem(.badRequest, "MALFORMED_REQUEST", message)
    }
}

/// Parameters of a header field: `form-data; name="file"; filename="a.pdf"`.
struct HeaderParameters {
    private var values: [String: String] = [:]

    init(_ field: String) {
        var rest = Substring(field).drop { $0 != ";" }
        while rest.first == ";" {
            rest = rest.dropFirst().drop { $0 == " " }
            let name = rest.prefix { $0 != "=" && $0 != ";" }
            rest = rest.dropFirst(name.count)
            guard rest.first == "=" else { continue }
            rest = rest.dropFirst()
            let value = rest.first == "\"" ? Self.quoted(&rest) : Self.token(&rest)
            if values[name.lowercased()] == nil { values[name.lowercased()] = value }
        }
    }

    subscript(name: String) -> String? { values[name] }

    private static func token(_ rest: inout Substring) -> String {
        let value = rest.prefix { $0 != ";" }
        rest = rest.dropFirst(value.count)
        return value.trimmingSuffix(" ")
    }

    private static func quoted(_ rest: inout Substring) -> String {
        var value = ""
        rest = rest.dropFirst()
        while let character = rest.popFirst(), character != "\"" {
            // Browsers escape quotes only; a lone backslash is part of a Windows path.
            if character == "\\", rest.first == "\"" {
                rest = rest.dropFirst()
                value.append("\"")
            } else {
                value.append(character)
            }
        }
        return value
    }
}

extension Substring {
    fileprivate func trimmingSuffix(_ character: Character) -> String {
        var text = self
        while text.last == character { text.removeLast() }
        return String(text)
    }
}

/// Cuts a body at its boundaries.
private struct MultipartParser {
    private var body: ByteBuffer
    private let delimiter: [UInt8]
    private static let maximumParts = 64

    init(body: ByteBuffer, boundary: String) {
        self.body = body
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    mutating func parts() throws -> ([String: String], [String: MultipartForm.File]) {
        var fields: [String: String] = [:]
        var files: [String: MultipartForm.File] = [:]
        guard body.readBytes(length: delimiter.count - 2) == Array(delimiter.dropFirst(2)) else { throw broken }
        while try !atEnd() {
            guard fields.count + files.count < Self.maximumParts else { throw broken }
            let headers = try readHeaders()
            let content = try readContent()
            let disposition = HeaderParameters(headers["content-disposition"] ?? "")
            guard let name = disposition["name"], !name.contains("\0") else { throw broken }
            guard fields[name] == nil, files[name] == nil else {
                throw Problem.validation([FieldError(field: name, message: "is given more than once")])
            }
            if let fileName = disposition["filename"] {
                files[name] = MultipartForm.File(name: fileName, contentType: headers["content-type"], bytes: content)
            } else {
                guard
                    let text = content.getString(at: content.readerIndex, length: content.readableBytes, encoding: name)
                else { throw broken }
                fields[name] = text
            }
        }
        return (fields, files)
    }

    private var broken: Problem { MultipartForm.malformed("The multipart body is malformed.") }

    /// After a boundary: `--` ends the body, a line break begins a part.
    private mutating func atEnd() throws -> Bool {
        switch body.readBytes(length: 2) {
        case [UInt8(ascii: "-"), UInt8(ascii: "-")]: return true
        case [UInt8(ascii: "\r"), UInt8(ascii: "\n")]: return false
        default: throw broken
        }
    }

    private mutating func readHeaders() throws -> [String: String] {
        var headers: [String: String] = [:]
        while true {
            let view = body.readableBytesView
            guard let end = view.prefix(8192).firstRange(of: Array("\r\n".utf8))?.lowerBound else { throw broken }
            let length = end - view.startIndex
            guard let bytes = body.readBytes(length: length), let line = String(validating: bytes, as: UTF8.self) else {
                throw broken
            }
            body.moveReaderIndex(forwardBy: 2)
            if line.isEmpty { return headers }
            guard let colon = line.firstIndex(of: ":"), headers.count < 16 else { throw broken }
            headers[line[..<colon].lowercased()] = String(line[colon...].dropFirst().drop { $0 == " " })
        }
    }

    private mutating func readContent() throws -> ByteBuffer {
        let view = body.readableBytesView
        guard let end = view.firstRange(of: delimiter)?.lowerBound,
            let content = body.readSlice(length: end - view.startIndex)
        else { throw broken }
        body.moveReaderIndex(forwardBy: delimiter.count)
        return content
    }
}

extension ByteBuffer {
    /// Text of a field: valid UTF-8 without NUL.
    fileprivate func getString(at index: Int, length: Int, encoding field: String) -> String? {
        guard let bytes = getBytes(at: index, length: length), !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
