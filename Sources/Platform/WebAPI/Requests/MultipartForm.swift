import CareSyncCore
import JSONCoding
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

    init(_ incoming: IncomingRequest) throws {
        let contentType = HeaderParameters(incoming.contentType ?? "")
        guard contentType.value == "multipart/form-data" else {
            throw Problem(.unsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "The body must be multipart/form-data.")
        }
        guard let boundary = contentType["boundary"], (1...70).contains(boundary.utf8.count) else {
            throw Self.malformed("The boundary is missing.")
        }
        var parser = MultipartParser(body: incoming.metadata.body, boundary: boundary)
        (fields, files) = try parser.parts()
    }

    static func malformed(_ message: String) -> Problem {
        Problem(.badRequest, "MALFORMED_REQUEST", message)
    }
}

/// Parameters of a header field: `form-data; name="file"; filename="a.pdf"`. Read as bytes, because an accent behind a
/// quote makes one `Character` of both.
struct HeaderParameters {
    /// What stands before the first parameter, in lower case.
    let value: String
    private var parameters: [String: String] = [:]

    init(_ field: String) {
        var rest = Substring(field).utf8
        value = Self.trimmed(rest.prefix { $0 != Self.semicolon }).lowercased()
        rest = rest.drop { $0 != Self.semicolon }
        while !rest.isEmpty {
            rest = rest.dropFirst()
            let end = rest.firstIndex { $0 == UInt8(ascii: "=") || $0 == Self.semicolon } ?? rest.endIndex
            let name = Self.trimmed(rest[..<end]).lowercased()
            rest = rest[end...]
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest = rest.dropFirst()
            let text =
                rest.first == Self.quote ? Self.quoted(&rest) : Self.trimmed(rest.prefix { $0 != Self.semicolon })
            rest = rest.drop { $0 != Self.semicolon }
            if parameters[name] == nil { parameters[name] = text }
        }
    }

    subscript(name: String) -> String? { parameters[name] }

    private static let semicolon = UInt8(ascii: ";")
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    private static func trimmed(_ text: Substring.UTF8View) -> String {
        var text = text.drop { $0 == UInt8(ascii: " ") }
        while text.last == UInt8(ascii: " ") { text = text.dropLast() }
        return String(Substring(text))
    }

    private static func quoted(_ rest: inout Substring.UTF8View) -> String {
        var value: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.popFirst(), byte != quote {
            // Browsers escape quotes only; a lone backslash is part of a Windows path.
            if byte == backslash, rest.first == quote {
                rest = rest.dropFirst()
                value.append(quote)
            } else {
                value.append(byte)
            }
        }
        return String(decoding: value, as: UTF8.self)
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
            guard disposition.value == "form-data", let name = disposition["name"], !name.isEmpty else { throw broken }
            guard fields[name] == nil, files[name] == nil else {
                var path = JSONPath()
                path.append(key: name)
                throw Problem.validation([FieldError(field: path.description, message: "is given more than once")])
            }
            if let fileName = disposition["filename"] {
                files[name] = MultipartForm.File(name: fileName, contentType: headers["content-type"], bytes: content)
            } else {
                guard let text = content.plainText else { throw broken }
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
            // A line break alone, NUL and their like would end up in names of fields and files.
            guard let bytes = body.readBytes(length: length), !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }),
                let line = String(validating: bytes, as: UTF8.self)
            else { throw broken }
            body.moveReaderIndex(forwardBy: 2)
            if line.isEmpty { return headers }
            guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), headers.count < 16 else { throw broken }
            let value = line.utf8[colon...].dropFirst().drop { $0 == UInt8(ascii: " ") }
            guard headers.updateValue(String(Substring(value)), forKey: line[..<colon].lowercased()) == nil else {
                throw broken
            }
        }
    }

    private mutating func readContent() throws -> ByteBuffer {
        guard let length = endOfContent(), let content = body.readSlice(length: length) else { throw broken }
        body.moveReaderIndex(forwardBy: delimiter.count)
        return content
    }

    /// Bytes before the next boundary: the delimiter with a line break or `--` behind it. A file may hold anything else,
    /// also a longer boundary that begins like this one.
    private func endOfContent() -> Int? {
        body.withUnsafeReadableBytes { bytes in
            var start = 0
            while let found = bytes[start...].firstIndex(of: UInt8(ascii: "\r")) {
                let rest = bytes[found...]
                if rest.starts(with: delimiter) {
                    let following = rest.dropFirst(delimiter.count)
                    if following.starts(with: [0x0D, 0x0A]) || following.starts(with: [0x2D, 0x2D]) { return found }
                }
                start = found + 1
            }
            return nil
        }
    }
}

extension ByteBuffer {
    /// Text of a field: valid UTF-8 without NUL.
    fileprivate var plainText: String? {
        readableBytesView.contains(0) ? nil : String(validating: readableBytesView, as: UTF8.self)
    }
}
