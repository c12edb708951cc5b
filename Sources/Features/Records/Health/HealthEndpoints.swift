import CareSyncCore
import Scheduling
import WebAPI

/// An allergy, both ways.
extension Allergy: WireValue, Validated, Documented, BoundedElement {
    static let mostInBody = HealthColumn.most

    static let rules: [Rule<Self>] = [
        .text("substance", \.substance, .line, 200), .text("reaction", \.reaction, .paragraph, 500),
    ]

    static let notes: [String: FieldNote] = [
        "substance": FieldNote("What is not tolerated.", example: "Penicillin"),
        "reaction": FieldNote("What happens.", example: "Rash"),
    ]

    var trimmed: Allergy {
        Allergy(
            substance: TextSort.trimmed(substance), reaction: TextSort.content(of: reaction), severity: severity)
    }
}

/// A medicine that a patient takes, both ways.
extension Medication: WireValue, Validated, Documented, BoundedElement {
    static let mostInBody = HealthColumn.most

    static let rules: [Rule<Self>] = [
        .text("medicine", \.medicine, .line, 200), .text("dose", \.dose, .line, 200),
        .text("frequency", \.frequency, .line, 200),
    ]

    static let notes: [String: FieldNote] = [
        "medicine": FieldNote("The medicine.", example: "Metformin"),
        "dose": FieldNote("How much at a time.", example: "500 mg"),
        "frequency": FieldNote("How often.", example: "Twice a day"),
        "since": "Since when it is taken.",
    ]

    var trimmed: Medication {
        Medication(
            medicine: TextSort.trimmed(medicine), dose: TextSort.content(of: dose),
            frequency: TextSort.content(of: frequency), since: since)
    }
}

struct HealthEndpoints: Sendable {
    let health: HealthService

    private static let readers = "Patients, their own; verified doctors who treat the patient."
    private static let writers = "Patients, their own; verified doctors who treat the patient. The list is replaced."

    var all: [Endpoint] {
        [
            .get(
                "/api/patients/{id}/allergies", "A patient's allergies", Self.readers,
                access: .roles([.patient, .doctor]), subject: .patient("id"),
                fails: [SchedulingError.doctorNotVerified], use: allergies),
            .put(
                "/api/patients/{id}/allergies", "Set a patient's allergies", Self.writers,
                access: .roles([.patient, .doctor]), subject: .patient("id"), fails: HealthError.catalogue,
                [SchedulingError.doctorNotVerified], settings: .longTexts, use: setAllergies),
            .get(
                "/api/patients/{id}/medications", "What a patient takes at present", Self.readers,
                access: .roles([.patient, .doctor]), subject: .patient("id"),
                fails: [SchedulingError.doctorNotVerified], use: medications),
            .put(
                "/api/patients/{id}/medications", "Set what a patient takes at present", Self.writers,
                access: .roles([.patient, .doctor]), subject: .patient("id"), fails: HealthError.catalogue,
                [SchedulingError.doctorNotVerified], settings: .longTexts, use: setMedications),
        ]
    }

    func allergies(_ request: EndpointRequest<IDPath<PatientTag>, NoBody>) async throws -> HealthAnswer<Allergy> {
        answer(
            try await health.lists(
                of: request.parameters.id, showing: .allergies, by: try request.principal, origin: request.origin
            ).allergies)
    }

    func medications(_ request: EndpointRequest<IDPath<PatientTag>, NoBody>) async throws -> HealthAnswer<Medication> {
        answer(
            try await health.lists(
                of: request.parameters.id, showing: .medications, by: try request.principal, origin: request.origin
            ).medications)
    }

    func setAllergies(
        _ request: EndpointRequest<IDPath<PatientTag>, [Allergy]>
    ) async throws -> HealthAnswer<Allergy> {
        try ItemRules.check(request.body, in: "", atMost: HealthColumn.most)
        let metadata = request.metadata
        return answer(
            try await health.replace(
                .allergies, of: request.parameters.id, with: request.body.map(\.trimmed), by: try request.principal,
                origin: request.origin
            ) { metadata.admitsChange(ofVersion: "\($0)") })
    }

    func setMedications(
        _ request: EndpointRequest<IDPath<PatientTag>, [Medication]>
    ) async throws -> HealthAnswer<Medication> {
        try ItemRules.check(request.body, in: "", atMost: HealthColumn.most)
        let metadata = request.metadata
        let today = health.context.zone.date(at: metadata.receivedAt)
        for (index, medication) in request.body.enumerated() {
            guard let since = medication.since, since > today else { continue }
            throw Problem.validation([
                FieldError(field: "[\(index)].since", message: "must not be in the future")
            ])
        }
        return answer(
            try await health.replace(
                .medications, of: request.parameters.id, with: request.body.map(\.trimmed),
                by: try request.principal, origin: request.origin
            ) { metadata.admitsChange(ofVersion: "\($0)") })
    }

    private func answer<Item: WireValue & Equatable>(_ list: RecordedList<Item>) -> HealthAnswer<Item> {
        let dated = DatedResponse(
            list.items ?? [], recordedAt: list.recordedAt.map { health.context.zone.local($0) })
        return VersionedResponse(dated, version: "\(list.version)")
    }
}

/// A list with its version, and with when it was recorded: an empty one says that there is nothing only if it was.
typealias HealthAnswer<Item: WireValue> = VersionedResponse<DatedResponse<[Item]>>
