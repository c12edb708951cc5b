import Foundation

/// A mail that has left, taken apart.
package struct SentMail: Sendable, Equatable {
    package let to: String
    package let subject: String
    package let text: String
    package let html: String
    /// As it left.
    package let raw: String

    /// The first six digits in a row: a code.
    package var code: String? {
        text.split { !$0.isNumber }.first { $0.count == 6 }.map(String.init)
    }

    init(raw: String) {
        self.raw = raw
        let parts = raw.components(separatedBy: "\r\n\r\n")
        var headers: [String: String] = [:]
        for line in (parts.first ?? "").replacingOccurrences(of: "\r\n ", with: " ").components(separatedBy: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[String(line[..<colon])] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        to = (headers["To"] ?? "").trimmingCharacters(in: CharacterSet(charactersIn: "<>"))
        subject = Self.unencoded(headers["Subject"] ?? "")
        let bodies = raw.components(separatedBy: "quoted-printable\r\n\r\n").dropFirst().map { part in
            Self.decoded(part.components(separatedBy: "\r\n--=_").first ?? "")
        }
        text = bodies.first ?? ""
        html = bodies.last ?? ""
    }

    /// Without the encoding of RFC 2047.
    private static func unencoded(_ text: String) -> String {
        guard text.hasPrefix("=?UTF-8?B?") else { return text }
        let bytes = text.split(separator: " ").compactMap {
            Data(base64Encoded: String($0.dropFirst("=?UTF-8?B?".count).dropLast(2)))
        }
        return String(decoding: bytes.joined(), as: UTF8.self)
    }

    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.replacingOccurrences(of: "=\r\n", with: "").utf8)[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "="), let value = UInt8(digits, radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension TestApp {
    /// What has left so far, the oldest first; what is due leaves before.
    package func sentMails(to recipient: String? = nil) async throws -> [SentMail] {
        try await runDueWork()
        guard FileManager.default.fileExists(atPath: mailFolder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: mailFolder)
            .map { name in (name, try FileManager.default.attributesOfItem(atPath: "\(mailFolder)/\(name)")) }
            .sorted { Self.modified($0.1) < Self.modified($1.1) }
            .map { SentMail(raw: try String(contentsOfFile: "\(mailFolder)/\($0.0)", encoding: .utf8)) }
            .filter { recipient == nil || $0.to == recipient }
    }

    private static func modified(_ attributes: [FileAttributeKey: Any]) -> Date {
        attributes[.modificationDate] as? Date ?? .distantPast
    }
}
