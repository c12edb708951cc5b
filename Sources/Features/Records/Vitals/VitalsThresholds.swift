enum VitalsLevel: String, Codable, Sendable, CaseIterable {
    case warning = "WARNING"
    case critical = "CRITICAL"
}

/// A limit beyond which a measurement raises an alert.
struct VitalsThreshold: Sendable {
    enum Side: Sendable { case atLeast, above, atMost, below }

    let field: VitalField
    let level: VitalsLevel
    let side: Side
    let limit: Double
    /// Where the limit is from.
    let source: String

    func isReached(by value: Double) -> Bool {
        switch side {
        case .atLeast: value >= limit
        case .above: value > limit
        case .atMost: value <= limit
        case .below: value < limit
        }
    }
}

/// Which measurements raise an alert: the one table of limits, which rules/vitals 5 repeats. They are those of adults at rest.
enum VitalsThresholds {
    private static let news2 = "Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017"
    private static let esh = "ESC/ESH Guidelines for the management of arterial hypertension, 2018"
    private static let acc = "ACC/AHA Guideline for high blood pressure in adults, 2017"
    private static let ada = "American Diabetes Association, Standards of Care in Diabetes, 2024"
    private static let cdc = "Centers for Disease Control and Prevention, Diabetic Ketoacidosis, 2024"
    private static let nejm = "Bouchama and Knochel, Heat Stroke, N Engl J Med 346, 2002"

    /// The critical ones of a field stand before its warnings.
    static let all: [VitalsThreshold] = [
        VitalsThreshold(field: .systolicBP, level: .critical, side: .atLeast, limit: 180, source: esh),
        VitalsThreshold(field: .systolicBP, level: .critical, side: .atMost, limit: 90, source: news2),
        VitalsThreshold(field: .systolicBP, level: .warning, side: .atLeast, limit: 140, source: esh),
        VitalsThreshold(field: .systolicBP, level: .warning, side: .atMost, limit: 100, source: news2),
        VitalsThreshold(field: .diastolicBP, level: .critical, side: .atLeast, limit: 120, source: acc),
        VitalsThreshold(field: .diastolicBP, level: .warning, side: .atLeast, limit: 90, source: esh),
        VitalsThreshold(field: .sugarLevel, level: .critical, side: .atLeast, limit: 300, source: cdc),
        VitalsThreshold(field: .sugarLevel, level: .critical, side: .below, limit: 54, source: ada),
        VitalsThreshold(field: .sugarLevel, level: .warning, side: .above, limit: 250, source: ada),
        VitalsThreshold(field: .sugarLevel, level: .warning, side: .below, limit: 70, source: ada),
        VitalsThreshold(field: .temperature, level: .critical, side: .atLeast, limit: 104, source: nejm),
        VitalsThreshold(field: .temperature, level: .critical, side: .atMost, limit: 95, source: news2),
        VitalsThreshold(field: .temperature, level: .warning, side: .atLeast, limit: 102.4, source: news2),
        VitalsThreshold(field: .heartRate, level: .critical, side: .atLeast, limit: 131, source: news2),
        VitalsThreshold(field: .heartRate, level: .critical, side: .atMost, limit: 40, source: news2),
        VitalsThreshold(field: .heartRate, level: .warning, side: .atLeast, limit: 111, source: news2),
        VitalsThreshold(field: .heartRate, level: .warning, side: .atMost, limit: 50, source: news2),
        VitalsThreshold(field: .respiratoryRate, level: .critical, side: .atLeast, limit: 25, source: news2),
        VitalsThreshold(field: .respiratoryRate, level: .critical, side: .atMost, limit: 8, source: news2),
        VitalsThreshold(field: .respiratoryRate, level: .warning, side: .atLeast, limit: 21, source: news2),
    ]

    private static let byField = Dictionary(grouping: all, by: \.field)

    /// One for each measurement that reaches a limit, the most severe; in the order of the fields.
    static func reached(by measurements: Measurements) -> [VitalsThreshold] {
        VitalField.allCases.compactMap { field in
            guard let value = measurements[field] else { return nil }
            return byField[field]?.first { $0.isReached(by: value) }
        }
    }
}
