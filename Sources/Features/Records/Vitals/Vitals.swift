package import CareSyncCore
import Cryptography
import Directory
import Outbox
import Persistence

enum VitalsTag {}
typealias VitalsID = ID<VitalsTag>

/// What is measured; the raw values are the wire names.
enum VitalField: String, Codable, Sendable, CaseIterable {
    case systolicBP, diastolicBP, sugarLevel, weight, temperature, heartRate, respiratoryRate

    /// What a person can have: mmHg, mmHg, mg/dL, kg, °F, and per minute.
    var plausible: ClosedRange<Double> {
        switch self {
        case .systolicBP: 40...300
        case .diastolicBP: 20...200
        case .sugarLevel: 10...1000
        case .weight: 0.5...500
        case .temperature: 80...115
        case .heartRate: 20...300
        case .respiratoryRate: 3...100
        }
    }

    /// Means that differ by no more than this are alike.
    var steadyBand: Double {
        switch self {
        case .systolicBP, .diastolicBP, .heartRate: 5
        case .sugarLevel: 10
        case .weight, .temperature: 1
        case .respiratoryRate: 2
        }
    }
}

/// One set of measurements, in the order of ``VitalField``.
struct Measurements: Sendable, Equatable {
    private var values: [Double?]

    init() {
        values = Array(repeating: nil, count: VitalField.allCases.count)
    }

    subscript(field: VitalField) -> Double? {
        get { values[Self.position(field)] }
        set { values[Self.position(field)] = newValue }
    }

    /// The position in the order of the cases, without a search.
    private static func position(_ field: VitalField) -> Int {
        switch field {
        case .systolicBP: 0
        case .diastolicBP: 1
        case .sugarLevel: 2
        case .weight: 3
        case .temperature: 4
        case .heartRate: 5
        case .respiratoryRate: 6
        }
    }

    /// As it is sealed: the values with bars between them.
    var stored: String { values.map { $0.map { "\($0)" } ?? "" }.joined(separator: "|") }

    /// `nil` for what ``stored`` has not made.
    init?(stored text: String) {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == VitalField.allCases.count else { return nil }
        values = []
        values.reserveCapacity(parts.count)
        for part in parts {
            guard !part.isEmpty else {
                values.append(nil)
                continue
            }
            guard let value = Double(part) else { return nil }
            values.append(value)
        }
    }
}

/// A row of `vitals`; all measurements are sealed together.
struct SealedVitals: RowDecodable {
    let id: VitalsID
    let patientID: PatientID
    let recordedAt: Instant
    let measurements: [UInt8]

    init(row: Row) throws {
        id = try row.value("id")
        patientID = try row.value("patient_id")
        recordedAt = try row.value("recorded_at")
        measurements = try row.value("measurements")
    }

    static func context(_ id: VitalsID) -> FieldContext {
        FieldContext(table: "vitals", column: "measurements", row: id.rawValue)
    }

    /// `nil` measurements once the patient is erased.
    func open(with key: PatientKey, _ vault: PatientVault) throws -> Vitals {
        let context = Self.context(id)
        let opened = try vault.open(measurements, with: key, at: context).map { text in
            guard let measurements = Measurements(stored: text) else { throw IntegrityFailure(context) }
            return measurements
        }
        return Vitals(id: id, patientID: patientID, recordedAt: recordedAt, measurements: opened)
    }
}

/// Measurements of a patient, in clear.
struct Vitals: Sendable, Equatable {
    let id: VitalsID
    let patientID: PatientID
    let recordedAt: Instant
    let measurements: Measurements?
}

/// A patient has recorded values beyond a critical limit. It holds ids only.
package struct CriticalVitalsRecorded: DurableEvent, Equatable {
    let vitals: VitalsID
    package let patient: PatientID
    package let recordedAt: Instant

    package var subject: String { "vitals/\(vitals)" }
}

enum VitalsError: FailureCatalogue, CaseIterable {
    case duplicate, patientErased

    var problem: Problem {
        switch self {
        case .duplicate:
            Problem(.conflict, "VITALS_DUPLICATE", "The same measurements of this moment are recorded already.")
        case .patientErased: PatientVault.erased
        }
    }
}

enum VitalsSchema {
    static let ids = IDAllocator("vitals_ids")

    static let migration = Migration("records/vitals") { d in
        [
            Migration.createAllocator("vitals_ids", dialect: d),
            """
            CREATE TABLE vitals (
                id \(d.integer) PRIMARY KEY,
                patient_id \(d.integer) NOT NULL REFERENCES patients,
                recorded_at \(d.instant) NOT NULL,
                measurements \(d.bytes) NOT NULL,
                created_at \(d.instant) NOT NULL
            )\(d.strict)
            """,
            "CREATE INDEX vitals_patient ON vitals (patient_id, recorded_at, id)",
        ]
    }
}
