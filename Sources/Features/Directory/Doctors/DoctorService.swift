import AuditTrail
package import CareSyncCore
package import Persistence

/// Which of some doctors have a free slot on a day. The feature that keeps calendars supplies it; it works on whole
/// sets, in the read transaction it is given.
package typealias AvailabilityProbe =
    @Sendable (_ db: any Connection, _ doctors: [DoctorID], _ on: LocalDate) throws -> Set<DoctorID>

/// Reads the directory of doctors.
struct DoctorService: Sendable {
    /// How far ahead a search may look.
    static let searchHorizonDays = 366

    let database: any Database
    let clinicZone: ClinicZone
    let availability: AvailabilityProbe

    func list(_ search: DoctorSearch, _ request: PageRequest) async throws -> Page<DoctorRevision> {
        try check(search)
        guard let day = search.availableOn else { return try await page(search, request) }
        return try await availablePage(search, request, on: day)
    }

    /// Doctors as they are now, and their revisions, which may be older than what is told of them but never newer.
    func profiles(_ ids: [DoctorID]) async throws -> (revisions: [DoctorRevision], profiles: [DoctorProfile]) {
        try await database.read { db in
            let repository = DoctorRepository(db: db)
            let revisions = try repository.revisions(ids)
            let doctors = try repository.list(ids)
            let qualifications = try repository.qualifications(of: doctors)
            return (revisions, doctors.map { DoctorProfile(doctor: $0, qualifications: qualifications) })
        }
    }

    /// Before an administrator is shown doctors, because what cannot be written down is not shown.
    func noteListing(by origin: RequestOrigin) async throws {
        try await database.send { db in
            db.audit(AuditEntry(.adminAction, "doctors", "", by: origin, reason: "LISTED"))
            return {}
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

    func find(_ id: DoctorID) async throws -> DoctorProfile {
        try await one { try $0.find(id) }
    }

    func find(username: String) async throws -> DoctorProfile {
        try await one { try $0.find(username: username) }
    }

    /// What anyone may see: a doctor who cannot be booked is visible only to administrators and to that doctor.
    func publicProfile(_ username: String, for caller: Principal?) async throws -> DoctorProfile {
        try await one { doctors in
            guard let doctor = try doctors.find(username: username) else { return nil }
            let isOwn = caller?.userID == UserID(doctor.id)
            return doctor.isBookable || isOwn || caller?.role == .admin ? doctor : nil
        }
    }

    private func one(
        _ find: @escaping @Sendable (DoctorRepository) throws -> Doctor?
    ) async throws -> DoctorProfile {
        let doctor = try await database.read { db in try find(DoctorRepository(db: db)) }
        guard let doctor else { throw DoctorError.notFound }
        return DoctorProfile(doctor: doctor, qualifications: try await qualifications(of: [doctor]))
    }

    private func check(_ search: DoctorSearch) throws {
        if let language = search.language, language.utf8.contains(UInt8(ascii: ",")) {
            throw Problem.invalid("language", "INVALID_ARGUMENT", rule: "must be one language")
        }
        guard let day = search.availableOn else { return }
        let today = clinicZone.date(at: database.services.time.now)
        guard day >= today, day <= today.adding(days: Self.searchHorizonDays) else {
            throw Problem.invalid("availableOn", "INVALID_ARGUMENT", rule: "must be a day of the coming year")
        }
    }

    /// The calendar is checked for every doctor that passes the other filters; the page is cut afterwards.
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
