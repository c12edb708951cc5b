enum MetricKind: String, Sendable {
    case counter, gauge, histogram
}

/// Writes the exposition format 0.0.4 of Prometheus.
struct MetricsText {
    private(set) var text = ""

    mutating func begin(_ name: String, _ kind: MetricKind, help: String?) {
        if let help { text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n" }
        text += "# TYPE \(name) \(kind.rawValue)\n"
    }

    /// - Parameter labels: as ``MetricName/labels(_:)`` writes them.
    mutating func sample(_ name: String, _ labels: String, _ value: Double) {
        text += labels.isEmpty ? name : "\(name){\(labels)}"
        text += " \(Self.number(value))\n"
    }

    /// Whole numbers without a fraction, as far as a `Double` holds them exactly.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), value.magnitude < 9_007_199_254_740_992 { return String(Int64(value)) }
        return "\(value)"
    }

    static func escaped(_ text: String, quotes: Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: result.append(contentsOf: "\\\"".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}

/// Names that Prometheus accepts.
enum MetricName {
    private static let prefix = "caresync_"

    /// Letters, digits and `_` behind our prefix; a counter ends in `_total`.
    static func text(_ label: String, _ kind: MetricKind) -> String {
        var name = plain(label)
        if !name.hasPrefix(prefix) { name = prefix + name }
        if kind == .counter, !name.hasSuffix("_total") { name += "_total" }
        return name
    }

    /// Such as `code="200",method="GET"`: sorted, so that the same labels are the same series.
    static func labels(_ dimensions: [(String, String)]) -> String {
        dimensions.map { name, value in
            let name = plain(name)
            let first = name.utf8.first.map { !($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) } ?? false
            return "\(first ? name : "_" + name)=\"\(MetricsText.escaped(value, quotes: true))\""
        }.sorted().joined(separator: ",")
    }

    private static func plain(_ label: String) -> String {
        String(
            label.utf8.map { byte -> Character in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                    Character(UnicodeScalar(byte))
                default: "_"
                }
            })
    }
}
