/// What the document says about a property or a parameter beyond its shape and its rules.
package struct FieldNote: Sendable, Equatable, ExpressibleByStringLiteral {
    let text: String
    let example: DocumentValue?
    let standard: DocumentValue?

    /// - Parameter default: what holds when the field is missing.
    package init(_ text: String, example: DocumentValue? = nil, default standard: DocumentValue? = nil) {
        self.text = text
        self.example = example
        self.standard = standard
    }

    package init(stringLiteral text: String) {
        self.init(text)
    }
}

/// An example or a default.
package enum DocumentValue: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
{
    case string(String)
    case integer(Int64)
    case boolean(Bool)

    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }

    var tree: JSONTree {
        switch self {
        case .string(let value): .string(value)
        case .integer(let value): .integer(value)
        case .boolean(let value): .boolean(value)
        }
    }
}

/// A type that tells more of its fields than their names do. What a name means wherever it stands is told once, in
/// ``DocumentTexts/glossary``.
package protocol Documented {
    /// By wire name.
    static var notes: [String: FieldNote] { get }
}

/// A body that is a bare array, with how many elements it may have.
package protocol BoundedBody {
    static var lengths: ClosedRange<Int> { get }
}

/// What a bare array may be made of, and how much of it.
package protocol BoundedElement {
    static var mostInBody: Int { get }
}

extension Array: BoundedBody where Element: BoundedElement {
    package static var lengths: ClosedRange<Int> { 0...Element.mostInBody }
}

/// A response that has one of several shapes. Composition tells the document which: ``DocumentTexts/unions``.
package protocol UnionResponse {
    /// What the document calls it.
    static var unionName: String { get }
    static var unionSample: Self { get }
}

/// A type that is read more leniently than it is described, such as a word of a closed set in any case.
package protocol DescribedAs {
    static var described: any Decodable.Type { get }
    static var sample: Self? { get }
}

/// A type whose component has another name than the type.
package protocol NamedResponse {
    static var schemaName: String { get }
}

/// Stands for a component that no Swift type describes.
protocol ComponentReference {
    static var componentName: String { get }
    static var sample: Self { get }
}
