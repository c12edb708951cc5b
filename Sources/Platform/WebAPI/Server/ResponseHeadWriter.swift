import CareSyncCore
import HTTPTypes
import NIOCore
import NIOHTTP1
import Synchronization

/// An answer, and what its head tells beside it.
struct RenderedResponse: Sendable {
    let answer: Response
    let metadata: ArrivalMetadata
    let verdict: CrossOrigin.Verdict
    /// HEAD, which is answered without the body.
    let omitsBody: Bool
}

/// Writes the head of an answer: what the answer says, the fields every answer carries, and how long the body is.
struct ResponseHeadWriter: Sendable {
    enum Framing {
        case length(Int)
        case chunked
        /// The body ends with the connection, for clients of HTTP/1.0.
        case untilClose
        /// There is no body, and none could be (RFC 9110 §8.6).
        case bodiless
    }

    private let common: [Field]
    private let block: [UInt8]
    private let dates = DateField()

    /// A field that an answer may replace.
    private struct Field: Sendable {
        let name: String
        let lowercase: String
        let value: String
        let line: [UInt8]

        init(_ field: HTTPField) {
            name = field.name.rawName
            lowercase = field.name.canonicalName
            value = field.value
            line = Array("\(name): \(value)\r\n".utf8)
        }
    }

    init(common: [HTTPField]) {
        self.common = common.map(Field.init)
        block = self.common.flatMap(\.line)
    }

    /// What becomes of the connection behind an answer.
    enum Connection {
        /// It goes on, which goes without saying.
        case open
        /// It goes on, and a client of HTTP/1.0, which asked for that, has to be told.
        case kept
        case closed
    }

    func write(
        _ outgoing: RenderedResponse, _ framing: Framing, _ connection: Connection, into buffer: inout ByteBuffer
    ) {
        let answer = outgoing.answer
        buffer.writeBytes(StatusLines.line(answer.status))
        for (name, value) in answer.headers { Self.write(name, value, into: &buffer) }
        if common.contains(where: { replaces(answer, $0) }) {
            for field in common where !replaces(answer, field) { buffer.writeBytes(field.line) }
        } else {
            buffer.writeBytes(block)
        }
        Self.write("X-Request-Id", outgoing.metadata.requestID, into: &buffer)
        if case .allowed(let origin) = outgoing.verdict {
            for field in CrossOrigin.headers(origin) { Self.write(field.name.rawName, field.value, into: &buffer) }
        }
        dates.write(outgoing.metadata.receivedAt.seconds, into: &buffer)
        switch framing {
        case .length(let length):
            buffer.writeStaticString("Content-Length: ")
            buffer.writeString(String(length))
            buffer.writeStaticString("\r\n")
        case .chunked: buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
        case .untilClose, .bodiless: break
        }
        switch connection {
        case .open: break
        case .kept: buffer.writeStaticString("Connection: keep-alive\r\n")
        case .closed: buffer.writeStaticString("Connection: close\r\n")
        }
        buffer.writeStaticString("\r\n")
    }

    /// The same fields for a server that frames the body itself.
    func fields(of outgoing: RenderedResponse) -> HTTPFields {
        var fields = HTTPFields()
        func append(_ name: String, _ value: String) {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        for (name, value) in outgoing.answer.headers { append(name, value) }
        for field in common where !replaces(outgoing.answer, field) { append(field.name, field.value) }
        append("X-Request-Id", outgoing.metadata.requestID)
        if case .allowed(let origin) = outgoing.verdict { fields.append(contentsOf: CrossOrigin.headers(origin)) }
        return fields
    }

    private func replaces(_ answer: Response, _ field: Field) -> Bool {
        answer.headers.contains {
            $0.name.utf8.count == field.lowercase.utf8.count && $0.name.lowercased() == field.lowercase
        }
    }

    /// A value may hold what a client sent, such as a file name: control characters in it become blanks.
    private static func write(_ name: String, _ value: String, into buffer: inout ByteBuffer) {
        buffer.writeString(name)
        buffer.writeStaticString(": ")
        if value.utf8.contains(where: isControl) {
            buffer.writeBytes(value.utf8.map { isControl($0) ? UInt8(ascii: " ") : $0 })
        } else {
            buffer.writeString(value)
        }
        buffer.writeStaticString("\r\n")
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 || byte == 0x7F }
}

/// `HTTP/1.1 200 OK` and its like, made once.
private enum StatusLines {
    private static let lines: [[UInt8]] = (0..<600).map { code in
        Array("HTTP/1.1 \(code) \(HTTPResponseStatus(statusCode: code).reasonPhrase)\r\n".utf8)
    }

    static func line(_ status: Int) -> [UInt8] { lines.indices.contains(status) ? lines[status] : lines[500] }
}

/// `Date: Sun, 06 Nov 1994 08:49:37 GMT`, made once a second.
private final class DateField: Sendable {
    private let latest = Mutex<(second: Int64, line: [UInt8])>((.min, []))

    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    func write(_ second: Int64, into buffer: inout ByteBuffer) {
        let line = latest.withLock { latest in
            if latest.second != second { latest = (second, Self.line(second)) }
            return latest.line
        }
        buffer.writeBytes(line)
    }

    private static func line(_ second: Int64) -> [UInt8] {
        let day = Int(second.dividedDown(by: 86_400))
        let date = LocalDate(daysSinceEpoch: day)
        let rest = Int(second) - day * 86_400
        let weekday = days[((day % 7) + 7) % 7]
        let year = String(date.year + 10_000).dropFirst()
        let clock = "\(two(rest / 3_600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
        return Array("Date: \(weekday), \(two(date.day)) \(months[date.month - 1]) \(year) \(clock) GMT\r\n".utf8)
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}
