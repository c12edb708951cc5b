import CareSyncCore
import Persistence
import WebAPI

/// The filters of doctor lists; they can be combined.
struct DoctorListParameters: Codable, Sendable, PagedParameters, Documented {
    var specialization: String?
    var minRating: Double?
    var maxFee: Double?
    var language: String?
    var gender: String?
    var name: String?
    var availableOn: LocalDate?
    var sort: DoctorSort?
    var page: Int?
    var size: Int?

    static let rules: [Rule<Self>] =
        [
            .maxLength("specialization", \.specialization, 100),
            .number("minRating", \.minRating, 0...5),
            .number("maxFee", \.maxFee, 0...1_000_000_000),
            .maxLength("language", \.language, 50),
            .maxLength("gender", \.gender, 20),
            .maxLength("name", \.name, 120),
        ] + Rule.paging

    static let notes: [String: FieldNote] = ["name": "Beginnings of words of the doctor's name, in any order."]

    func search(bookableOnly: Bool) -> DoctorSearch {
        var search = DoctorSearch(isBookableOnly: bookableOnly)
        search.specialization = specialization.map(TextKey.folded).flatMap(Self.filled)
        search.minRating = minRating
        // A thousandth of a paisa makes up for what binary fractions lose.
        search.maxFee = maxFee.map { Money(minorUnits: Int64(($0 * 100 + 0.001).rounded(.down))) }
        search.language = language.map(TextKey.folded).flatMap(Self.filled)
        search.gender = gender.map(TextKey.folded).flatMap(Self.filled)
        search.nameWords = name.map(TextKey.searchWords) ?? []
        search.availableOn = availableOn
        search.sort = sort
        return search
    }

    private static func filled(_ text: String) -> String? { text.isEmpty ? nil : text }
}

extension Rule {
    static func number(_ field: String, _ path: any Path<Double?>, _ bounds: ClosedRange<Int64>) -> Rule {
        Rule(field, .range(minimum: bounds.lowerBound, maximum: bounds.upperBound)) {
            guard let value = $0[keyPath: path] else { return nil }
            let isInside = value >= Double(bounds.lowerBound) && value <= Double(bounds.upperBound)
            return isInside ? nil : "must be from \(bounds.lowerBound) to \(bounds.upperBound)"
        }
    }
}

struct UsernamePath: Codable, Sendable {
    var username: String
}

struct DoctorEndpoints: Sendable {
    let doctors: DoctorService
    private let cache = DoctorJSONCache()

    init(doctors: DoctorService) {
        self.doctors = doctors
    }

    var all: [Endpoint] {
        let everyone: Access = .roles([.patient, .doctor, .admin])
        return [
            .get(
                "/api/doctors", "Doctors",
                "Any account. Patients see those they can book; doctors and administrators all. Filters can be combined.",
                access: everyone, use: list),
            .get(
                "/api/doctors/for-patients", "Doctors who can be booked",
                "Patients and administrators. Verified and active doctors. Filters can be combined.",
                access: .roles([.patient, .admin]), use: listBookable),
            .get(
                "/api/doctors/specialization/{specialization}", "Doctors of one specialization",
                "Any account. As `GET /api/doctors`, with the specialization in the path.", access: everyone, use: list),
            .get(
                "/api/doctors/public/{username}", "A doctor's public profile",
                "Anyone, for a doctor who can be booked; contact details and date of birth for signed-in callers only.",
                access: .publicKnowingCaller, fails: [DoctorError.notFound], use: publicProfile),
            .get(
                "/api/doctors/profile/{username}", "A doctor by user name",
                "Doctors and administrators. Patients use the public profile.", access: .roles([.doctor, .admin]),
                fails: [DoctorError.notFound], use: profile),
            .get(
                "/api/doctors/{id}", "A doctor by id", "Doctors and administrators. Patients use the public profile.",
                access: .roles([.doctor, .admin]), fails: [DoctorError.notFound], use: find),
            .get(
                "/api/admin/doctors", "All doctors, with their statistics",
                "Administrators. Deactivated and unverified doctors included. Filters can be combined.",
                access: .role(.admin),
                use: listAll),
        ]
    }

    func list(_ request: EndpointRequest<DoctorListParameters, NoBody>) async throws -> EncodedPagedResponse<
        DoctorResponse
    > {
        let isPatient = try request.principal.role == .patient
        return try await page(request.parameters, bookableOnly: isPatient)
    }

    func listBookable(_ request: EndpointRequest<DoctorListParameters, NoBody>) async throws -> EncodedPagedResponse<
        DoctorResponse
    > {
        try await page(request.parameters, bookableOnly: true)
    }

    func listAll(_ request: EndpointRequest<DoctorListParameters, NoBody>) async throws -> EncodedPagedResponse<
        DoctorResponse
    > {
        try await doctors.noteListing(by: request.origin)
        return try await page(request.parameters, bookableOnly: false)
    }

    func publicProfile(_ request: EndpointRequest<UsernamePath, NoBody>) async throws -> DoctorResponse {
        let profile = try await doctors.publicProfile(request.parameters.username, for: request.caller)
        let response = DoctorResponse(profile)
        return request.caller == nil ? response.forVisitors : response
    }

    func profile(_ request: EndpointRequest<UsernamePath, NoBody>) async throws -> VersionedResponse<DoctorResponse> {
        let profile = try await doctors.find(username: request.parameters.username)
        return VersionedResponse(DoctorResponse(profile), version: profile.doctor.version)
    }

    func find(_ request: EndpointRequest<IDPath<DoctorTag>, NoBody>) async throws -> DoctorResponse {
        DoctorResponse(try await doctors.find(request.parameters.id))
    }

    private func page(_ parameters: DoctorListParameters, bookableOnly: Bool) async throws -> EncodedPagedResponse<
        DoctorResponse
    > {
        let page = try await doctors.list(parameters.search(bookableOnly: bookableOnly), parameters.request)
        let known = cache.known(page.items)
        let missing = zip(page.items, known).filter { $1 == nil }.map { $0.0.id }
        guard !missing.isEmpty else { return EncodedPagedResponse(page.replacing(known.compactMap(\.self))) }
        let made = try await encode(missing)
        return EncodedPagedResponse(page.replacing(zip(page.items, known).compactMap { $1 ?? made[$0.id] }))
    }

    /// Doctors as they are now, which may be later than what a list has just found.
    private func encode(_ ids: [DoctorID]) async throws -> [DoctorID: EncodedJSON<DoctorResponse>] {
        let found = try await doctors.profiles(ids)
        var made: [DoctorID: EncodedJSON<DoctorResponse>] = [:]
        for profile in found.profiles { made[profile.doctor.id] = try EncodedJSON(DoctorResponse(profile)) }
        cache.keep(
            Dictionary(uniqueKeysWithValues: found.revisions.compactMap { key in made[key.id].map { (key, $0) } }))
        return made
    }
}
