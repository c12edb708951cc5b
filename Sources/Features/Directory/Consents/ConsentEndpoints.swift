import CareSyncCore
import WebAPI

/// What is absent stays as it is.
struct ConsentsRequest: Codable, Sendable, Validated, Documented {
    var assistant: Bool?

    static let rules: [Rule<Self>] = [
        Rule("body", .described("at least one purpose")) { $0.wanted.isEmpty ? "must name a purpose" : nil }
    ]

    static let notes: [String: FieldNote] = ["assistant": "Whether the assistant's model may be given the record."]

    var wanted: [ConsentPurpose: Bool] {
        assistant.map { [.assistant: $0] } ?? [:]
    }
}

struct ConsentResponse: WireResponse, Documented {
    let granted: Bool
    let text: String
    let textVersion: Int
    let changedAt: Instant?

    static let notes: [String: FieldNote] = [
        "granted": "Whether the patient agrees.", "text": "What is agreed to.",
        "textVersion": "Counts the versions of the text.",
        "changedAt": "When the patient last said so; `null` before the first time.",
    ]

    init(_ consent: Consent) {
        granted = consent.isGranted
        text = consent.text
        textVersion = consent.textVersion
        changedAt = consent.changedAt
    }
}

struct ConsentsResponse: WireResponse, Documented {
    let assistant: ConsentResponse

    static let notes: [String: FieldNote] = ["assistant": "Whether the assistant's model may be given the record."]

    init(_ consents: [ConsentPurpose: Consent]) {
        assistant = ConsentResponse(consents[.assistant] ?? Consent(unsaid: .assistant))
    }
}

struct ConsentEndpoints: Sendable {
    let consents: ConsentService

    var all: [Endpoint] {
        [
            .get(
                "/api/patients/{id}/consents", "What I agree to", "Patients, their own.", access: .role(.patient),
                subject: .patient("id"), use: find),
            .put(
                "/api/patients/{id}/consents", "Agree, or no longer",
                "Patients, their own. What is absent stays as it is; the next request obeys.", access: .role(.patient),
                subject: .patient("id"), use: change),
        ]
    }

    func find(_ request: EndpointRequest<IDPath<PatientTag>, NoBody>) async throws -> ConsentsResponse {
        let patient = try request.principal.requirePatient(request.parameters.id)
        return ConsentsResponse(try await consents.find(of: patient, by: request.origin))
    }

    func change(_ request: EndpointRequest<IDPath<PatientTag>, ConsentsRequest>) async throws -> ConsentsResponse {
        let patient = try request.principal.requirePatient(request.parameters.id)
        return ConsentsResponse(try await consents.change(request.body.wanted, of: patient, by: request.origin))
    }
}
