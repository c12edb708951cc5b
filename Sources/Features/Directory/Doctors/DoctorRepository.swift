import CareSyncCore
import Persistence

struct DoctorRepository {
    let db: any Connection

    func find(_ id: DoctorID) throws -> Doctor? {
        try db.first("SELECT \(Doctor.columns) FROM \(Doctor.tables) WHERE d.id = \(id)")
    }

    /// User names are ASCII; a letter that merely folds to one, such as the Kelvin sign, is another letter.
    func find(username: String) throws -> Doctor? {
        guard username.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let key = username.lowercased()
        return try db.first("SELECT \(Doctor.columns) FROM \(Doctor.tables) WHERE u.username_key = \(key)")
    }

    func list(_ ids: [DoctorID]) throws -> [Doctor] {
        try db.all("SELECT \(Doctor.columns) FROM \(Doctor.tables) WHERE d.id IN \(in: ids)")
    }

    /// In the order of the ids.
    func revisions(_ ids: [DoctorID]) throws -> [DoctorRevision] {
        guard !ids.isEmpty else { return [] }
        let found: [DoctorRevision] = try db.all("SELECT d.id, d.revision FROM doctors d WHERE d.id IN \(in: ids)")
        let byID = Dictionary(uniqueKeysWithValues: found.map { ($0.id, $0) })
        return ids.compactMap { byID[$0] }
    }

    func ids(_ search: DoctorSearch) throws -> [DoctorID] {
        try db.values("SELECT d.id FROM doctors d\(search.conditions)\(search.order)")
    }

    /// Adds what a page needs to a batch. A page behind the last row has no row to carry the total; it is `nil` then.
    static func page(_ search: DoctorSearch, _ request: PageRequest, in batch: Batch) -> () throws -> Page<
        DoctorRevision
    > {
        let total: SQL =
            request.isPaged ? "(SELECT count(*) FROM doctors d\(search.conditions))" : "CAST(NULL AS bigint)"
        let rows = batch.all(
            CountedDoctor.self,
            """
            SELECT d.id, d.revision, \(total) AS total FROM doctors d\(search.conditions)\(search.order)
            LIMIT \(request.limit) OFFSET \(request.offset)
            """)
        return {
            let rows = try rows.value
            let total = rows.isEmpty && request.offset == 0 ? 0 : rows.first?.total
            return Page(fetched: rows.map(\.doctor), request: request, total: total)
        }
    }

    static func count(_ search: DoctorSearch, in batch: Batch) -> () throws -> Int {
        let count = batch.value(Int.self, "SELECT count(*) FROM doctors d\(search.conditions)")
        return { try count.value ?? 0 }
    }

    private struct CountedDoctor: RowDecodable {
        let doctor: DoctorRevision
        let total: Int?

        init(row: Row) throws {
            doctor = try DoctorRevision(row: row)
            total = try row.value("total")
        }
    }

    func qualifications(of doctors: [Doctor]) throws -> Qualifications {
        let batch = Batch()
        let found = Self.qualifications(of: doctors, in: batch)
        try batch.run(db)
        return try found()
    }

    /// Adds the doctors' qualifications to a batch; queries nothing when the counters on their rows are zero.
    static func qualifications(of doctors: [Doctor], in batch: Batch) -> () throws -> Qualifications {
        let ids = doctors.filter(\.hasQualifications).map(\.id)
        guard !ids.isEmpty else { return { .none } }
        let experiences = batch.all(
            Experience.self,
            "SELECT \(Experience.columns) FROM doctor_experiences WHERE doctor_id IN \(in: ids) ORDER BY doctor_id, id")
        let educations = batch.all(
            Education.self,
            "SELECT \(Education.columns) FROM doctor_educations WHERE doctor_id IN \(in: ids) ORDER BY doctor_id, id")
        let certificates = batch.all(
            Certificate.self,
            """
            SELECT \(Certificate.columns) FROM doctor_certificates WHERE doctor_id IN \(in: ids)
            ORDER BY doctor_id, id
            """)
        return {
            Qualifications(
                experiences: Dictionary(grouping: try experiences.value, by: \.doctorID),
                educations: Dictionary(grouping: try educations.value, by: \.doctorID),
                certificates: Dictionary(grouping: try certificates.value, by: \.doctorID))
        }
    }
}
