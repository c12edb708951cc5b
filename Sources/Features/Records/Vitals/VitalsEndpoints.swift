import CareSyncCore
import Scheduling
import WebAPI

struct RecordVitalsRequest: Codable, Sendable, Validated, Documented {
    /// When present, the patient who sends it.
    var patientId: PatientID?
    var systolicBP: Double?
    var diastolicBP: Double?
    var sugarLevel: Double?
    var weight: Double?
    var temperature: Double?
    var heartRate: Double?
    var respiratoryRate: Double?
    var recordedAt: ClientDateTime?

    static let rules: [Rule<Self>] =
        [
            Rule("body", .described("at least one measurement")) { request in
                VitalField.allCases.contains { request.measurements[$0] != nil } ? nil : "must have a measurement"
            },
            Rule("systolicBP", .described("together with diastolicBP")) { request in
                guard let systolic = request.systolicBP else {
                    return request.diastolicBP == nil ? nil : "is required with diastolicBP"
                }
                return plausible(.systolicBP, systolic)
            },
            Rule("diastolicBP", .described("together with systolicBP, and less")) { request in
                guard let diastolic = request.diastolicBP else {
                    return request.systolicBP == nil ? nil : "is required with systolicBP"
                }
                if let complaint = plausible(.diastolicBP, diastolic) { return complaint }
                return request.systolicBP.map { diastolic < $0 ? nil : "must be less than systolicBP" } ?? nil
            },
            plausible(.sugarLevel), plausible(.weight), plausible(.temperature), plausible(.heartRate),
            plausible(.respiratoryRate),
        ]
        + VitalField.allCases.map { field -> Rule<Self> in
            let bounds = field.plausible
            return Rule(
                field.rawValue,
                .range(minimum: Int64(bounds.lowerBound.rounded(.down)), maximum: Int64(bounds.upperBound.rounded(.up)))
            ) { _ in nil }
        }

    static let notes = VitalsNotes.measurements.merging([
        "recordedAt": "When it was measured; now when absent. At most five minutes ahead, and not before the birth."
    ]) { own, _ in own }

    var measurements: Measurements {
        var measurements = Measurements()
        measurements[.systolicBP] = systolicBP
        measurements[.diastolicBP] = diastolicBP
        measurements[.sugarLevel] = sugarLevel
        measurements[.weight] = weight
        measurements[.temperature] = temperature
        measurements[.heartRate] = heartRate
        measurements[.respiratoryRate] = respiratoryRate
        return measurements
    }

    private static func plausible(_ field: VitalField) -> Rule<Self> {
        Rule(field.rawValue, .described(bounds(field))) { request in
            request.measurements[field].flatMap { plausible(field, $0) }
        }
    }

    private static func plausible(_ field: VitalField, _ value: Double) -> String? {
        field.plausible.contains(value) ? nil : "must be \(bounds(field))"
    }

    private static func bounds(_ field: VitalField) -> String {
        "from \(text(field.plausible.lowerBound)) to \(text(field.plausible.upperBound))"
    }

    private static func text(_ bound: Double) -> String { Int(exactly: bound).map(String.init) ?? "\(bound)" }
}

/// An end of a range of time: a day, or a date and time.
struct RangeEnd: Codable, Sendable, WireScalar {
    private enum Value {
        case day(LocalDate)
        case moment(ClientDateTime)
    }

    private let value: Value

    init(from decoder: any Decoder) throws {
        if let date = try LocalDate(decoder.singleValueContainer().decode(String.self)) {
            value = .day(date)
        } else {
            value = .moment(try ClientDateTime(from: decoder))
        }
    }

    func encode(to encoder: any Encoder) throws {
        switch value {
        case .day(let date): try date.encode(to: encoder)
        case .moment(let time): try time.encode(to: encoder)
        }
    }

    private init(_ value: Value) {
        self.value = value
    }

    /// Where a range begins that begins with this.
    func start(_ zone: ClinicZone) -> Instant {
        switch value {
        case .day(let date): zone.startOfDay(date)
        case .moment(let time): zone.instant(of: time) ?? zone.change(skipping: time.reading)
        }
    }

    /// Before what a range ends that ends with this: the end of the day, or the time itself.
    func end(_ zone: ClinicZone) -> Instant {
        switch value {
        case .day(let date): zone.startOfDay(date.adding(days: 1))
        case .moment: start(zone)
        }
    }

    static let wireType = WireType(
        .string, pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.+)?$", example: "2026-03-02", isMoment: true,
        text: "A day, or a date and time on the clinic's clock or with an offset.")
    static let sample = RangeEnd(.day(.sample))
}

struct VitalsListParameters: Codable, Sendable, PagedParameters, Documented {
    var patientId: PatientID
    var from: RangeEnd?
    var to: RangeEnd?
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
    static let notes = VitalsRange.notes

    func range(_ zone: ClinicZone) throws -> VitalsRange { try VitalsRange(from, to, zone) }
}

struct VitalsTrendParameters: Codable, Sendable, Documented {
    var patientId: PatientID
    var from: RangeEnd?
    var to: RangeEnd?

    static let notes = VitalsRange.notes

    func range(_ zone: ClinicZone) throws -> VitalsRange { try VitalsRange(from, to, zone) }
}

extension VitalsRange {
    static let notes: [String: FieldNote] = [
        "from": "Not before this.",
        "to": "Until the end of this day, or before this time; it ends after `from` begins.",
    ]

    init(_ from: RangeEnd?, _ to: RangeEnd?, _ zone: ClinicZone) throws {
        self.init(from: from?.start(zone), to: to?.end(zone))
        if let start = self.from, let end = self.to, end <= start {
            throw Problem.invalid("to", "INVALID_ARGUMENT", rule: "must end after from begins")
        }
    }
}

struct VitalsEndpoints: Sendable {
    let vitals: VitalsService

    private static let readers = "Patients, their own; verified doctors who treat the patient."

    var all: [Endpoint] {
        [
            .post(
                "/api/vitals", "Record my measurements",
                """
                Patients, their own. A measurement beyond a critical limit is mailed to the treating doctors; nobody \
                monitors measurements continuously.
                """,
                access: .role(.patient), fails: VitalsError.catalogue, use: record),
            .get(
                "/api/vitals/patient/{patientId}", "A patient's measurements, the newest first", Self.readers,
                access: .roles([.patient, .doctor]), subject: .patient("patientId"),
                fails: [SchedulingError.doctorNotVerified], use: list),
            .get(
                "/api/vitals/patient/{patientId}/trends", "How a patient's measurements have developed",
                "\(Self.readers) The 10,000 newest of the range count.", access: .roles([.patient, .doctor]),
                subject: .patient("patientId"), fails: [SchedulingError.doctorNotVerified], settings: .expensive,
                use: trends),
        ]
    }

    func record(_ request: EndpointRequest<NoParameters, RecordVitalsRequest>) async throws -> IdempotentResponse<
        VitalsResponse
    > {
        let patient = try request.principal.requirePatient()
        guard request.body.patientId ?? patient == patient else { throw Problem.accessDenied }
        let outcome = try await vitals.record(
            request.body.measurements, at: request.body.recordedAt, of: patient, origin: request.origin,
            once: try request.idempotency(response))
        return IdempotentResponse.from(outcome, response)
    }

    func list(_ request: EndpointRequest<VitalsListParameters, NoBody>) async throws -> PagedResponse<VitalsResponse> {
        let parameters = request.parameters
        let found = try await vitals.list(
            of: parameters.patientId, try parameters.range(vitals.context.zone), parameters.request,
            by: try request.principal, origin: request.origin)
        return PagedResponse(found.map(response))
    }

    func trends(_ request: EndpointRequest<VitalsTrendParameters, NoBody>) async throws -> VitalsTrendsResponse {
        let parameters = request.parameters
        return VitalsTrendsResponse(
            try await vitals.trends(
                of: parameters.patientId, try parameters.range(vitals.context.zone), by: try request.principal,
                origin: request.origin))
    }

    @Sendable private func response(_ vitals: Vitals) -> VitalsResponse {
        VitalsResponse(vitals, context: self.vitals.context)
    }
}
