import CareSyncCore
import WebAPI

/// All lists of an organisation.
struct MasterListsResponse: WireResponse {
    let genders: [String]
    let specializations: [String]
    let statuses: [String]
    let bloodGroups: [String]
    let languages: [String]
    let degrees: [String]
    let institutions: [String]
    let hospitals: [String]
    let positions: [String]

    init(_ values: [MasterList: [String]]) {
        genders = values[.genders] ?? []
        specializations = values[.specializations] ?? []
        statuses = values[.statuses] ?? []
        bloodGroups = values[.bloodGroups] ?? []
        languages = values[.languages] ?? []
        degrees = values[.degrees] ?? []
        institutions = values[.institutions] ?? []
        hospitals = values[.hospitals] ?? []
        positions = values[.positions] ?? []
    }
}

struct OrganisationParameters: Codable, Sendable, Validated {
    var orgId: Int?

    static let rules: [Rule<Self>] = [.range("orgId", \.orgId, OrganisationBounds.all)]

    var organisation: Int64 { orgId.map(Int64.init) ?? MasterService.defaultOrganisation }
}

enum OrganisationBounds {
    /// Organisations are numbered by their operators; any number that every JSON client keeps exactly is allowed.
    static let all = 1...9_007_199_254_740_991
}

struct MasterListPath: Codable, Sendable, Validated, Documented {
    var type: String

    static let rules: [Rule<Self>] = [
        // Parsed by the list; described in the OpenAPI document.
        Rule("type", .words(MasterList.allCases.map { $0.pathWords[0] })) { _ in nil }
    ]

    static let notes: [String: FieldNote] = ["type": "The list; the singular does as well, in any case."]
}

/// `code` and `description` are kept for the operator; no answer shows them.
struct AddMasterValueRequest: Codable, Sendable, Validated, Documented {
    var value: String
    var code: String?
    var description: String?
    var orgId: Int?

    static let rules: [Rule<Self>] = [
        // The list decides the exact limit once the value is trimmed; 200 is the largest.
        .text("value", \.value, .name, 200),
        .text("code", \.code, .line, 50),
        .text("description", \.description, .line, 255),
        .range("orgId", \.orgId, OrganisationBounds.all),
    ]

    static let notes: [String: FieldNote] = [
        "value": """
        At most 10 characters for blood groups; 50 for genders and languages; 100 for specializations, degrees and \
        positions; 200 for institutions and hospitals. A language has no comma.
        """,
        "code": "A code for the operator.",
    ]
}

struct MasterEndpoints: Sendable {
    let master: MasterService

    var all: [Endpoint] {
        [
            .get(
                "/api/master/all", "All value lists of the forms",
                "Anyone. The lists of an organisation in one answer.",
                access: .public, use: lists)
        ]
            + MasterList.allCases.map { list in
                .get(
                    "/api/master/\(list.pathWords[0])", "The list of \(list.spoken)",
                    "Anyone. The values in the order in which forms show them.", access: .public
                ) { request in
                    try await self.values(of: list, request)
                }
            }
            + [
                .post(
                    "/api/master/{type}", "Add a value to a list",
                    "Administrators. It is added at the end of the list; appointment statuses are fixed.",
                    access: .role(.admin),
                    fails: [MasterError.readOnly, .exists], use: add)
            ]
    }

    func lists(_ request: EndpointRequest<OrganisationParameters, NoBody>) async throws -> CachedJSON<
        MasterListsResponse
    > {
        try await master.answers(for: request.parameters.organisation).all
    }

    func values(
        of list: MasterList, _ request: EndpointRequest<OrganisationParameters, NoBody>
    ) async throws -> CachedJSON<[String]> {
        try await master.answers(for: request.parameters.organisation).list(list)
    }

    func add(_ request: EndpointRequest<MasterListPath, AddMasterValueRequest>) async throws -> MessageResponse {
        guard let list = MasterList(pathWord: request.parameters.type) else {
            throw Problem.invalid("type", "INVALID_ARGUMENT", "There is no such list.")
        }
        let value = TextSort.trimmed(request.body.value)
        try await master.add(
            MasterDraft(
                organisation: request.body.orgId.map(Int64.init) ?? MasterService.defaultOrganisation, list: list,
                value: value, code: request.body.code, description: request.body.description),
            by: request.origin)
        return MessageResponse(message: "'\(value)' was added to the list of \(list.spoken).")
    }
}

extension MasterList {
    /// The name in a sentence.
    var spoken: String { self == .bloodGroups ? "blood groups" : rawValue }
}
