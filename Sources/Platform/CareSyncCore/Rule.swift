/// One constraint on a request: enforced before the handler runs, and shown in the OpenAPI schema.
package struct Rule<Root>: Sendable {
    package enum Constraint: Sendable, Equatable {
        case length(minimum: Int?, maximum: Int?)
        case range(minimum: Int64?, maximum: Int64?)
        /// How many elements a list has.
        case items(minimum: Int?, maximum: Int?)
        /// The numbers that are allowed.
        case values([Int64])
        /// The words that are allowed; more spellings of them may be.
        case words([String])
        case pattern(String)
        /// Lengths, and the characters there may be.
        case text(minimum: Int?, maximum: Int, pattern: String)
        case format(String)
        /// A text of one of several formats.
        case anyFormat([String])
        /// Enforced, but not expressible in JSON Schema; the text goes to the field's description.
        case described(String)
    }

    /// The wire name of the field.
    package let field: String
    package let constraint: Constraint
    /// What is wrong, as the end of a sentence that begins with the field's name; `nil` when nothing is.
    package let check: @Sendable (Root) -> String?

    package init(_ field: String, _ constraint: Constraint, _ check: @escaping @Sendable (Root) -> String?) {
        self.field = field
        self.constraint = constraint
        self.check = check
    }
}

/// A request type with rules beyond its types.
package protocol Validated {
    static var rules: [Rule<Self>] { get }
}

extension Validated {
    /// Every broken rule, at most one per field.
    package func fieldErrors() -> [FieldError] {
        var errors: [FieldError] = []
        for rule in Self.rules where !errors.contains(where: { $0.field == rule.field }) {
            if let message = rule.check(self) { errors.append(FieldError(field: rule.field, message: message)) }
        }
        return errors
    }
}

extension Rule {
    package typealias Path<Value> = KeyPath<Root, Value> & Sendable

    /// Length in Unicode code points, as JSON Schema and both databases count.
    package static func length(_ field: String, _ path: any Path<String>, _ bounds: ClosedRange<Int>) -> Rule {
        Rule(field, .length(minimum: bounds.lowerBound, maximum: bounds.upperBound)) {
            text($0[keyPath: path], bounds)
        }
    }

    package static func length(_ field: String, _ path: any Path<String?>, _ bounds: ClosedRange<Int>) -> Rule {
        Rule(field, .length(minimum: bounds.lowerBound, maximum: bounds.upperBound)) {
            $0[keyPath: path].flatMap { text($0, bounds) }
        }
    }

    package static func maxLength(_ field: String, _ path: any Path<String>, _ limit: Int) -> Rule {
        Rule(field, .length(minimum: nil, maximum: limit)) { text($0[keyPath: path], 0...limit) }
    }

    package static func maxLength(_ field: String, _ path: any Path<String?>, _ limit: Int) -> Rule {
        Rule(field, .length(minimum: nil, maximum: limit)) { $0[keyPath: path].flatMap { text($0, 0...limit) } }
    }

    /// A text that must be there, of at most `limit` characters; white space around it counts.
    package static func text(_ field: String, _ path: any Path<String>, _ sort: TextSort, _ limit: Int) -> Rule {
        Rule(field, .text(minimum: 1, maximum: limit, pattern: sort.pattern(needsContent: true))) {
            sort.complaint($0[keyPath: path], limit: limit, needsContent: true)
        }
    }

    /// A text that may be missing; a blank one counts as missing.
    package static func text(_ field: String, _ path: any Path<String?>, _ sort: TextSort, _ limit: Int) -> Rule {
        Rule(field, .text(minimum: nil, maximum: limit, pattern: sort.pattern(needsContent: false))) {
            $0[keyPath: path].flatMap { sort.complaint($0, limit: limit) }
        }
    }

    /// A day that may be missing; a blank text counts as missing.
    package static func day(_ field: String, _ path: any Path<String?>) -> Rule {
        Rule(field, .format("date")) { root in
            guard let text = TextSort.content(of: root[keyPath: path]) else { return nil }
            return LocalDate(wire: text) == nil ? "must be a date such as 2020-03-01" : nil
        }
    }

    package static func range(_ field: String, _ path: any Path<Int?>, _ bounds: ClosedRange<Int>) -> Rule {
        Rule(field, .range(minimum: Int64(bounds.lowerBound), maximum: Int64(bounds.upperBound))) {
            $0[keyPath: path].flatMap {
                bounds.contains($0) ? nil : "must be from \(bounds.lowerBound) to \(bounds.upperBound)"
            }
        }
    }

    private static func text(_ value: String, _ bounds: ClosedRange<Int>) -> String? {
        // UTF-8 bytes bound the characters from above, so most values need no counting of characters.
        if value.utf8.count <= bounds.upperBound && bounds.lowerBound == 0 { return nil }
        let count = value.unicodeScalars.count
        if bounds.contains(count) { return nil }
        return bounds.lowerBound == 0
            ? "must have at most \(bounds.upperBound) characters"
            : "must have \(bounds.lowerBound) to \(bounds.upperBound) characters"
    }
}
