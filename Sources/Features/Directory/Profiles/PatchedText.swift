import CareSyncCore
import JSONCoding

extension Patch<String> {
    /// Without white space around it; a blank text clears like `null`.
    var text: Patch<String> {
        guard case .value(let value) = self else { return self }
        return TextSort.content(of: value).map { .value($0) } ?? .null
    }

    /// The same of a text that says how to reach somebody.
    var contact: Patch<String> {
        guard case .value(let value) = self else { return self }
        return TextSort.contact(of: value).map { .value($0) } ?? .null
    }
}

extension Patch<String> {
    /// The day that a text which ``CareSyncCore/Rule/day(_:_:)`` has passed stands for.
    var day: Patch<LocalDate> {
        switch text {
        case .absent: .absent
        case .null: .null
        case .value(let text): LocalDate(wire: text).map { .value($0) } ?? .absent
        }
    }
}

extension Rule {
    /// A text of a change that may be missing, but not blank.
    static func content(_ field: String, _ path: any Path<String?>, _ sort: TextSort, _ limit: Int) -> Rule {
        Rule(field, .text(minimum: 1, maximum: limit, pattern: sort.pattern(needsContent: true))) {
            $0[keyPath: path].flatMap { sort.complaint($0, limit: limit, needsContent: true) }
        }
    }
}
