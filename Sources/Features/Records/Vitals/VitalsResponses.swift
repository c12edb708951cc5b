import CareSyncCore
import WebAPI

/// A measurement beyond a limit.
struct VitalsAlertResponse: WireValue, Documented {
    let field: VitalField
    let level: VitalsLevel
    let limit: Double

    static let notes: [String: FieldNote] = ["limit": "The limit that was reached."]
}

/// Measurements of a patient: `VitalDto` of the published API, and the alerts they raise.
struct VitalsResponse: WireResponse, Documented {
    let id: VitalsID
    let patientId: PatientID
    let systolicBP: Double?
    let diastolicBP: Double?
    let sugarLevel: Double?
    let weight: Double?
    let temperature: Double?
    let heartRate: Double?
    let respiratoryRate: Double?
    let recordedAt: LocalDateTime
    let alerts: [VitalsAlertResponse]
    /// `null` without alerts.
    let notice: String?

    static let notes = VitalsNotes.measurements.merging([
        "recordedAt": "When it was measured.", "alerts": "The measurements that reach a limit.",
        "notice": "What to know about the alerts; `null` without any.",
    ]) { own, _ in own }

    init(_ vitals: Vitals, context: RecordsContext) {
        let measured = vitals.measurements
        id = vitals.id
        patientId = vitals.patientID
        systolicBP = measured?[.systolicBP]
        diastolicBP = measured?[.diastolicBP]
        sugarLevel = measured?[.sugarLevel]
        weight = measured?[.weight]
        temperature = measured?[.temperature]
        heartRate = measured?[.heartRate]
        respiratoryRate = measured?[.respiratoryRate]
        recordedAt = context.zone.local(vitals.recordedAt)
        alerts =
            measured.map(VitalsThresholds.reached).map {
                $0.map { VitalsAlertResponse(field: $0.field, level: $0.level, limit: $0.limit) }
            } ?? []
        notice = alerts.isEmpty ? nil : VitalsNotes.notice(context.settings.emergencyNumber)
    }
}

enum VitalsNotes {
    static let measurements: [String: FieldNote] = [
        "systolicBP": "Upper blood pressure in mmHg.", "diastolicBP": "Lower blood pressure in mmHg.",
        "sugarLevel": "Blood sugar in mg/dL.", "weight": "Weight in kilograms.",
        "temperature": "Body temperature in degrees Fahrenheit.", "heartRate": "Heart beats per minute.",
        "respiratoryRate": "Breaths per minute.",
    ]

    static func notice(_ emergencyNumber: String) -> String {
        "Your measurements are not continuously monitored. If you feel unwell, call \(emergencyNumber)."
    }
}

/// How one measurement has developed.
struct VitalsTrendResponse: WireValue, Documented {
    let count: Int
    let min: Double
    let max: Double
    let mean: Double
    let latest: Double
    let direction: TrendDirection

    static let notes: [String: FieldNote] = [
        "count": "How many measurements there are.", "min": "The least of them.", "max": "The greatest of them.",
        "mean": "Their mean, with two decimals.", "latest": "The latest of them.",
    ]

    init?(_ trend: VitalsTrend?) {
        guard let trend else { return nil }
        count = trend.count
        min = trend.min
        max = trend.max
        mean = trend.mean
        latest = trend.latest
        direction = trend.direction
    }
}

/// By measurement; `null` for what was not measured.
struct VitalsTrendsResponse: WireResponse {
    let systolicBP: VitalsTrendResponse?
    let diastolicBP: VitalsTrendResponse?
    let sugarLevel: VitalsTrendResponse?
    let weight: VitalsTrendResponse?
    let temperature: VitalsTrendResponse?
    let heartRate: VitalsTrendResponse?
    let respiratoryRate: VitalsTrendResponse?

    init(_ trends: [VitalField: VitalsTrend]) {
        systolicBP = VitalsTrendResponse(trends[.systolicBP])
        diastolicBP = VitalsTrendResponse(trends[.diastolicBP])
        sugarLevel = VitalsTrendResponse(trends[.sugarLevel])
        weight = VitalsTrendResponse(trends[.weight])
        temperature = VitalsTrendResponse(trends[.temperature])
        heartRate = VitalsTrendResponse(trends[.heartRate])
        respiratoryRate = VitalsTrendResponse(trends[.respiratoryRate])
    }
}
