import AuditTrail
package import CareSyncCore
package import Persistence
import WebAPI

/// Which of some doctors have a free slot on a day. The feature that keeps calendars supplies it; it asks set-wise, in
/// the reading transaction it is given.
package typealias AvailabilityProbe =
    @Sendable (_ db: any Connection, _ doctors: [DoctorID], _ on: LocalDate) throws -> Set<DoctorID>

/// Reads the directory of doctors.
struct DoctorService: Sendable {
    /// How far ahead a search may look.
    static let searchHorizonDays = 366

    let database: any Database
    let clinicZone: ClinicZone
    let availability: AvailabilityProbe
    private let texts = DoctorJSONCache()

    init(database: any Database, clinicZone: ClinicZone, availability: @escaping AvailabilityProbe) {
        self.database = database
        self.clinicZone = clinicZone
        self.availability = availability
    }

    func list(_ search: DoctorSearch, _ request: PageRequest) async throws -> Page<EncodedJSON<DoctorResponse>> {
        try check(search)
        let page =
            if let day = search.availableOn {
                try await availablePage(search, request, on: day)
            } else {
                try await page(search, request)
            }
        let known = texts.known(page.items)
        let missing = zip(page.items, known).filter { $1 == nil }.map { $0.0.id }
        guard !missing.isEmpty else { return page.replacing(known.compactMap(\.self)) }
        let made = try await write(missing)
        return page.replacing(zip(page.items, known).compactMap { $1 ?? made[$0.id] })
    }

    /// The texts of doctors as they are now, which may be later than what a list has just found.
    private func write(_ ids: [DoctorID]) async throws -> [DoctorID: EncodedJSON<DoctorResponse>] {
        let (revisions, doctors, qualifications) = try await database.read { db in
            let repository = DoctorRepository(db: db)
            // The revisions first: a text may be newer than what it is kept under, but never older.
            let revisions = try repository.revisions(ids)
            let doctors = try repository.list(ids)
            return (revisions, doctors, try repository.qualifications(of: doctors))
        }
        var made: [DoctorID: EncodedJSON<DoctorResponse>] = [:]
        for doctor in doctors { made[doctor.id] = try EncodedJSON(DoctorResponse(doctor, qualifications)) }
        texts.keep(
            Dictionary(uniqueKeysWithValues: revisions.compactMap { key in made[key.id].map { (key, $0) } }))
        return made
    }

    /// Before an administrator is shown doctors, because what cannot be written down is not shown.
    func noteListing(by origin: RequestOrigin) async throws {
        try await database.write { db in
            db.audit(AuditEntry(.adminAction, "doctors", "", by: origin, reason: "LISTED"))
        }
    }

    private func page(_ search: DoctorSearch, _ request: PageRequest) async throws -> Page<DoctorRevision> {
        let page = try await database.fetch { batch in DoctorRepository.page(search, request, in: batch) }
        guard request.isPaged, page.total == nil else { return page }
        let total = try await database.fetch { batch in DoctorRepository.count(search, in: batch) }
        return Page(fetched: [], request: request, total: total)
    }

    private func qualifications(of doctors: [Doctor]) async throws -> Qualifications {
        guard doctors.contains(where: \.hasQualifications) else { return .none }
        return try await database.fetch { batch in DoctorRepository.qualifications(of: doctors, in: batch) }
    }

    func find(_ id: DoctorID) async throws -> DoctorResponse {
        try await one { try $0.find(id) }
    }

    func find(username: String) async throws -> DoctorResponse {
        try await one { try $0.find(username: username) }
    }

    /// What anyone may see: a doctor whom nobody can book exists only for administrators and for the doctor.
    func publicProfile(_ username: String, for caller: Principal?) async throws -> DoctorResponse {
        let response = try await one { doctors in
            guard let doctor = try doctors.find(username: username) else { return nil }
            let isOwn = caller?.userID == UserID(doctor.id)
            return doctor.isBookable || isOwn || caller?.role == .admin ? doctor : nil
        }
        return caller == nil ? response.forVisitors : response
    }

    private func one(
        _ find: @escaping @Sendable (DoctorRepository) throws -> Doctor?
    ) async throws -> DoctorResponse {
        let doctor = try await database.read { db in try find(DoctorRepository(db: db)) }
        guard let doctor else { throw DoctorError.notFound }
        return DoctorResponse(doctor, try await qualifications(of: [doctor]))
    }

    private func check(_ search: DoctorSearch) throws {
        if let language = search.language, language.contains(",") {
            throw Problem.invalid("language", "INVALID_ARGUMENT", rule: "must be one language")
        }
        guard let day = search.availableOn else { return }
        let today = clinicZone.date(at: database.services.time.now)
        guard day >= today, day <= today.adding(days: Self.searchHorizonDays) else {
            throw Problem.invalid("availableOn", "INVALID_ARGUMENT", rule: "must be a day of the coming year")
        }
    }

    /// The calendar is asked about every doctor that the other filters leave; the page is cut afterwards.
    private func availablePage(
        _ search: DoctorSearch, _ request: PageRequest, on day: LocalDate
    ) async throws -> Page<DoctorRevision> {
        let availability = availability
        return try await database.read { db in
            let doctors = DoctorRepository(db: db)
            let candidates = try doctors.ids(search)
            let available = candidates.isEmpty ? [] : try availability(db, candidates, day)
            let matching = candidates.filter(available.contains)
            let shown = matching.dropFirst(request.offset).prefix(request.limit)
            return Page(fetched: try doctors.revisions(Array(shown)), request: request, total: matching.count)
        }
    }
}
