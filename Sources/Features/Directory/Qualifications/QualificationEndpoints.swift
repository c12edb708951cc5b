import CareSyncCore
import WebAPI

/// How one of the three lists looks from outside.
protocol QualificationList: Qualification {
    associatedtype AddRequest: Decodable & Sendable & EntryContent where AddRequest.Content == Content
    associatedtype ChangeRequest: Decodable & Sendable & EntryChange where ChangeRequest.Content == Content
    associatedtype Path: EntryPath
    associatedtype Response: WireResponse

    /// The part of the path, such as `experiences`.
    static var segment: String { get }
    /// One entry with its article, such as `an experience`.
    static var noun: String { get }

    static func response(_ entry: Self) -> Response
}

/// The body that makes an entry.
protocol EntryContent {
    associatedtype Content
    var content: Content { get }
}

/// The body that changes one.
protocol EntryChange {
    associatedtype Content
    func apply(to content: inout Content)
}

/// The path of an entry.
protocol EntryPath: Decodable, Sendable {
    /// Of the parameter that names the entry.
    static var name: String { get }
    var username: String { get }
    var entry: QualificationID { get }
}

struct DoctorListPath: Codable, Sendable, PagedParameters {
    var id: DoctorID
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

struct UsernameListPath: Codable, Sendable, PagedParameters {
    var username: String
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

struct QualificationEndpoints<Entry: QualificationList>: Sendable {
    let entries: QualificationService<Entry>

    private static var path: String { "/api/doctors/profile/{username}/\(Entry.segment)" }
    private static var entryPath: String { "\(path)/{\(Entry.Path.name)}" }

    var all: [Endpoint] {
        [
            .get(
                Self.path, "A doctor's \(Entry.segment)",
                "Any account; patients, of doctors they could book.",
                access: .roles([.patient, .doctor, .admin]), fails: [DoctorError.notFound], use: list),
            .get(
                "/api/doctors/{id}/\(Entry.segment)", "A doctor's \(Entry.segment), by id",
                "Any account; patients, of doctors they could book.",
                access: .roles([.patient, .doctor, .admin]), fails: [DoctorError.notFound], use: listByID),
            .post(
                Self.path, "Add \(Entry.noun)", "Doctors, to their own profile.",
                access: .role(.doctor), fails: [QualificationError.tooMany], use: add),
            .put(
                Self.entryPath, "Change \(Entry.noun)",
                "Doctors, in their own profile. What is absent stays as it is; `null` clears what need not be there.",
                access: .role(.doctor), fails: [Entry.unknown], use: change),
            .delete(
                Self.entryPath, "Remove \(Entry.noun)",
                "Doctors, from their own profile.",
                access: .role(.doctor), fails: [Entry.unknown], use: remove),
        ]
    }

    func list(_ request: EndpointRequest<UsernameListPath, NoBody>) async throws -> PagedResponse<Entry.Response> {
        try await list(.username(request.parameters.username), request.parameters.request, request.principal)
    }

    func listByID(_ request: EndpointRequest<DoctorListPath, NoBody>) async throws -> PagedResponse<Entry.Response> {
        try await list(.id(request.parameters.id), request.parameters.request, request.principal)
    }

    private func list(
        _ owner: QualificationService<Entry>.Owner, _ page: PageRequest, _ caller: Principal
    ) async throws -> PagedResponse<Entry.Response> {
        PagedResponse(try await entries.list(of: owner, page, for: caller).map(Entry.response))
    }

    func add(_ request: EndpointRequest<UsernamePath, Entry.AddRequest>) async throws -> IdempotentResponse<
        Entry.Response
    > {
        let outcome = try await entries.add(
            request.body.content, of: try request.principal.requireDoctor(named: request.parameters.username),
            by: request.origin, once: try request.idempotency(Entry.response))
        return IdempotentResponse.from(outcome, Entry.response)
    }

    func change(_ request: EndpointRequest<Entry.Path, Entry.ChangeRequest>) async throws -> Entry.Response {
        let doctor = try request.principal.requireDoctor(named: request.parameters.username)
        let change = request.body
        return Entry.response(
            try await entries.change(request.parameters.entry, of: doctor, by: request.origin) { content in
                change.apply(to: &content)
            })
    }

    func remove(_ request: EndpointRequest<Entry.Path, NoBody>) async throws -> MessageResponse {
        let doctor = try request.principal.requireDoctor(named: request.parameters.username)
        try await entries.remove(request.parameters.entry, of: doctor, by: request.origin)
        return MessageResponse(message: "Removed from the profile.")
    }
}
