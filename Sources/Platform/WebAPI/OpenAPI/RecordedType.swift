import CareSyncCore

/// The shape of a `Decodable` type, found by letting it decode itself from a recorder.
indirect enum RecordedType: Equatable {
    case scalar(WireType)
    case enumeration(name: String, [String])
    /// One of several shapes.
    case union(String)
    case list(RecordedType)
    case dictionary(RecordedType)
    case object(name: String, fields: [Field])
    /// A type that contains itself; described where it began.
    case reference(String)

    struct Field: Equatable {
        let name: String
        var type: RecordedType
        /// `null` is allowed, and in a request the field may be missing.
        var isOptional: Bool
        var rules: [FieldRule] = []
        var note: FieldNote?
    }

    /// A rule without its check.
    struct FieldRule: Equatable {
        let minimumLength: Int?
        let maximumLength: Int?
        let minimum: Int64?
        let maximum: Int64?
        let minimumItems: Int?
        let maximumItems: Int?
        let values: [Int64]?
        let words: [String]?
        let formats: [String]?
        let pattern: String?
        let format: String?
        let text: String?
    }
}

extension RecordedType.FieldRule {
    init<Root>(_ constraint: Rule<Root>.Constraint) {
        var (minimumLength, maximumLength): (Int?, Int?) = (nil, nil)
        var (minimum, maximum): (Int64?, Int64?) = (nil, nil)
        var (values, words, formats): ([Int64]?, [String]?, [String]?) = (nil, nil, nil)
        var (minimumItems, maximumItems): (Int?, Int?) = (nil, nil)
        var (pattern, format, text): (String?, String?, String?) = (nil, nil, nil)
        switch constraint {
        case .length(let low, let high): (minimumLength, maximumLength) = (low, high)
        case .range(let low, let high): (minimum, maximum) = (low, high)
        case .items(let low, let high): (minimumItems, maximumItems) = (low, high)
        case .values(let numbers): values = numbers
        case .words(let names): words = names
        case .anyFormat(let names): formats = names
        case .pattern(let value): pattern = value
        case .text(let low, let high, let value): (minimumLength, maximumLength, pattern) = (low, high, value)
        case .format(let value): format = value
        case .described(let value): text = value
        }
        self.init(
            minimumLength: minimumLength, maximumLength: maximumLength, minimum: minimum, maximum: maximum,
            minimumItems: minimumItems, maximumItems: maximumItems, values: values, words: words, formats: formats,
            pattern: pattern,
            format: format, text: text)
    }
}
