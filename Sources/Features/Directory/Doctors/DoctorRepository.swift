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

    /// In the order of the ids.
    func list(_ ids: [DoctorID]) throws -> [Doctor] {
        guard !ids.isEmpty else { return [] }
        let doctors: [Doctor] = try db.all(
            "SELECT \(Doctor.columns) FROM \(Doctor.tables) WHERE d.id IN \(in: ids)")
        let byID = Dictionary(uniqueKeysWithValues: doctors.map { ($0.id, $0) })
        return ids.compactMap { byID[$0] }
    }

    func ids(_ search: DoctorSearch) throws -> [DoctorID] {
        try db.values(
            """
            SELECT d.id, coalesce(r.average, 0) AS average FROM \(Doctor.tables)\(search.conditions)\(search.order)
            """)
    }

    /// One round trip, unless the page lies behind the last row: then no row tells the total.
    func page(_ search: DoctorSearch, _ request: PageRequest) throws -> Page<Doctor> {
        guard request.isPaged else {
            let fetched: [Doctor] = try db.all(
                """
                SELECT \(Doctor.columns) FROM \(Doctor.tables)\(search.conditions)\(search.order)
                LIMIT \(request.limit)
                """)
            return Page(fetched: fetched, request: request, total: nil)
        }
        var fetched: [Doctor] = []
        fetched.reserveCapacity(request.size)
        var total = 0
        try db.query(
            """
            SELECT \(Doctor.columns), count(*) OVER () AS total FROM \(Doctor.tables)\(search.conditions)\(search.order)
            LIMIT \(request.limit) OFFSET \(request.offset)
            """
        ) { row in
            fetched.append(try Doctor(row: row))
            total = try row.value("total")
        }
        if fetched.isEmpty && request.offset > 0 { total = try count(search) }
        return Page(fetched: fetched, request: request, total: total)
    }

    func count(_ search: DoctorSearch) throws -> Int {
        try db.value("SELECT count(*) FROM \(Doctor.tables)\(search.conditions)") ?? 0
    }

    /// Nothing is asked when the counters on the doctors say that there is nothing.
    func qualifications(of doctors: [Doctor]) throws -> Qualifications {
        let ids = doctors.filter(\.hasQualifications).map(\.id)
        guard !ids.isEmpty else { return .none }
        let batch = Batch()
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
        try batch.run(db)
        return Qualifications(
            experiences: Dictionary(grouping: try experiences.value, by: \.doctorID),
            educations: Dictionary(grouping: try educations.value, by: \.doctorID),
            certificates: Dictionary(grouping: try certificates.value, by: \.doctorID))
    }
}
