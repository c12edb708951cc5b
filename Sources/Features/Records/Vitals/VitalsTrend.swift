enum TrendDirection: String, Codable, Sendable, CaseIterable {
    case up = "UP"
    case down = "DOWN"
    case steady = "STEADY"
}

/// How one measurement has developed.
struct VitalsTrend: Sendable, Equatable {
    let count: Int
    let min: Double
    let max: Double
    let mean: Double
    let latest: Double
    let direction: TrendDirection

    /// - Parameter values: at least one, the oldest first.
    private init?(_ field: VitalField, _ values: [Double]) {
        guard let least = values.min(), let most = values.max(), let last = values.last else { return nil }
        count = values.count
        min = least
        max = most
        mean = Self.rounded(Self.mean(values[...]))
        latest = last
        direction = Self.direction(values, field.steadyBand)
    }

    /// Of every field that was measured.
    ///
    /// - Parameter vitals: the oldest first.
    static func all(of vitals: [Vitals]) -> [VitalField: VitalsTrend] {
        VitalField.allCases.reduce(into: [:]) { trends, field in
            trends[field] = VitalsTrend(field, vitals.compactMap { $0.measurements?[field] })
        }
    }

    /// Where the mean of the later half lies to that of the earlier one; a value in the middle belongs to neither.
    private static func direction(_ values: [Double], _ band: Double) -> TrendDirection {
        let half = values.count / 2
        guard half > 0 else { return .steady }
        let change = mean(values.suffix(half)) - mean(values.prefix(half))
        return change > band ? .up : change < -band ? .down : .steady
    }

    private static func mean(_ values: ArraySlice<Double>) -> Double {
        values.reduce(0, +) / Double(values.count)
    }

    /// Two decimals are more than anything is measured in.
    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
