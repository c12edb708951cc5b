import Foundation

/// A JSON value as the vendor's API reads and writes it. The order of an object's keys is not stable, as the vendor's is
/// not.
enum VendorJSON: Codable, Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([VendorJSON])
    case object([String: VendorJSON])

    /// `nil` when it is not JSON. No bytes are an empty object.
    init?(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else {
            self = .object([:])
            return
        }
        guard let value = try? JSONDecoder().decode(VendorJSON.self, from: Data(bytes)) else { return nil }  // No JSON.
        self = value
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // One after the other, until one fits.
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {  // The next one may fit.
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {  // The next one may fit.
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {  // The next one may fit.
            self = .number(value)
        } else if let value = try? container.decode(String.self) {  // The next one may fit.
            self = .text(value)
        } else if let value = try? container.decode([VendorJSON].self) {  // The last one has to fit.
            self = .list(value)
        } else {
            self = .object(try container.decode([String: VendorJSON].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    var bytes: [UInt8] {
        (try? JSONEncoder().encode(self)).map(Array.init) ?? []  // Nobody makes a number that cannot be written.
    }

    subscript(key: String) -> VendorJSON? {
        if case .object(let fields) = self { fields[key] } else { nil }
    }

    /// The names of an object's fields.
    var names: [String] {
        if case .object(let fields) = self { fields.keys.sorted() } else { [] }
    }

    var asText: String? {
        if case .text(let value) = self { value } else { nil }
    }

    var asInteger: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    var asBool: Bool? {
        switch self {
        case .bool(let value): value
        case .integer(1): true
        case .integer(0): false
        default: nil
        }
    }

    static func optional(_ text: String?) -> VendorJSON { text.map { .text($0) } ?? .null }

    static func optional(_ integer: Int64?) -> VendorJSON { integer.map { .integer($0) } ?? .null }

    /// An empty object of notes is written as an empty list.
    static func notes(_ notes: [String: String]) -> VendorJSON {
        notes.isEmpty ? .list([]) : .object(notes.mapValues { .text($0) })
    }
}

extension VendorJSON: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
    init(stringLiteral value: String) { self = .text(value) }

    init(dictionaryLiteral elements: (String, VendorJSON)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }

    init(arrayLiteral elements: VendorJSON...) { self = .list(elements) }
}
