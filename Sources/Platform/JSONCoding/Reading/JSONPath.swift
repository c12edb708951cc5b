/// The place of a value as clients know it: `items[2].name`.
///
/// A key can be anything a client sent, so one that does not look like a field name is shown as `?`: paths appear in
/// answers and logs.
package struct JSONPath: CustomStringConvertible {
    package private(set) var description = ""

    package init() {}

    package mutating func append(index: Int) {
        description += "[\(index)]"
    }

    package mutating func append(key: String) {
        if !description.isEmpty { description += "." }
        description += Self.isName(key) ? key : "?"
    }

    private static func isName(_ key: String) -> Bool {
        let isPlain = key.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "$"):
                true
            default: false
            }
        }
        return isPlain && (1...64).contains(key.utf8.count)
    }
}

/// A step of a coding path: a key, or the index of an element.
enum JSONStep: CodingKey {
    case key(String)
    case index(Int)

    init?(stringValue: String) { self = .key(stringValue) }
    init?(intValue: Int) { self = .index(intValue) }

    var stringValue: String {
        switch self {
        case .key(let key): key
        case .index(let index): "Index \(index)"
        }
    }

    var intValue: Int? {
        if case .index(let index) = self { index } else { nil }
    }
}
