import CareSyncCore
import HTTPServer
import HTTPTypes
import NIOHTTP1
import Synchronization

/// An answer, and what its head tells beside it.
struct RenderedResponse: Sendable {
    let answer: Response
    let metadata: ArrivalMetadata
    let verdict: CrossOrigin.Verdict
}

/// Writes the head of an answer: what the answer says, and the fields every answer carries. How long the body is and what
/// becomes of the connection is added where it is sent.
struct ResponseHeadWriter: Sendable {
    /// Fields that an answer may replace.
    private let common: [(name: String, value: String)]
    private let dates = DateField()

    init(common: [HTTPField]) {
        self.common = common.map { ($0.name.rawName, $0.value) }
    }

    func response(of rendered: RenderedResponse) -> ServerResponse {
        let answer = rendered.answer
        var fields: [(String, String)] = []
        fields.reserveCapacity(answer.headers.count + common.count + 7)
        for (name, value) in answer.headers { fields.append((name, Self.plain(value))) }
        for field in common where !replaces(answer, field.name) { fields.append(field) }
        fields.append(("X-Request-Id", rendered.metadata.requestID))
        if case .allowed(let origin) = rendered.verdict {
            for field in CrossOrigin.headers(origin) { fields.append((field.name.rawName, Self.plain(field.value))) }
        }
        fields.append(("Date", dates.text(at: rendered.metadata.receivedAt.seconds)))
        return ServerResponse(status: answer.status, headers: HTTPHeaders(fields), body: answer.body)
    }

    private func replaces(_ answer: Response, _ name: String) -> Bool {
        answer.headers.contains {
            $0.name.utf8.count == name.utf8.count && $0.name.lowercased() == name.lowercased()
        }
    }

    /// A value may hold what a client sent, such as a file name: control characters in it become blanks.
    private static func plain(_ value: String) -> String {
        guard value.utf8.contains(where: isControl) else { return value }
        return String(decoding: value.utf8.map { isControl($0) ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 || byte == 0x7F }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, made once a second.
private final class DateField: Sendable {
    private let latest = Mutex<(second: Int64, text: String)>((.min, ""))

    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    func text(at second: Int64) -> String {
        latest.withLock { latest in
            if latest.second != second { latest = (second, Self.text(second)) }
            return latest.text
        }
    }

    private static func text(_ second: Int64) -> String {
        let day = Int(second.dividedDown(by: 86_400))
        let date = LocalDate(daysSinceEpoch: day)
        let rest = Int(second) - day * 86_400
        let weekday = days[((day % 7) + 7) % 7]
        let year = String(date.year + 10_000).dropFirst()
        let clock = "\(two(rest / 3_600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
        return "\(weekday), \(two(date.day)) \(months[date.month - 1]) \(year) \(clock) GMT"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}
