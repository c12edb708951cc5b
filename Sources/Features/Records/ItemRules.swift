import CareSyncCore

/// The rules of a list of values: each value's own, named by its place in the list.
enum ItemRules {
    /// - Parameter field: the wire name of the list; empty when the list is the body.
    static func check<Item: Validated>(_ items: [Item], in field: String, atMost limit: Int) throws {
        guard items.count <= limit else {
            throw Problem.validation([
                FieldError(field: field.isEmpty ? "body" : field, message: "must have at most \(limit) elements")
            ])
        }
        let errors = items.enumerated().flatMap { index, item in
            item.fieldErrors().map { FieldError(field: "\(field)[\(index)].\($0.field)", message: $0.message) }
        }
        if !errors.isEmpty { throw Problem.validation(errors) }
    }
}
