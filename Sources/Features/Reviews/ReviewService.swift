import AuditTrail
import CareSyncCore
import Cryptography
import Directory
import JSONCoding
import Persistence
import Scheduling

/// What patients say about their doctors. Writers of one doctor's reviews wait for each other (``DoctorRatings``).
struct ReviewService: Sendable {
    let database: any Database
    let vault: PatientVault
    let zone: ClinicZone

    /// What is to become of a review. What is not mentioned stays.
    struct Change: Sendable {
        let rating: Int?
        let comment: Patch<String>
        let isAnonymous: Bool?
    }

    func write(
        _ new: NewReview, by patient: PatientID, origin: RequestOrigin, once idempotency: Idempotency<Review>?
    ) async throws -> Replayable<Review> {
        try await database.write(idempotency: idempotency) { db in
            let reviews = ReviewRepository(db: db)
            guard let visit = try reviews.visit(new.appointment, of: patient) else {
                throw ReviewError.appointmentNotFound
            }
            guard new.doctor == nil || new.doctor == visit.doctor else { throw ReviewError.otherDoctor }
            guard visit.status == .completed else { throw ReviewError.notCompleted }
            try DoctorRatings.lock(visit.doctor, db: db)
            let (id, now) = (ReviewID.random(from: db.scope.services.random), db.now)
            let comment = try sealed(new.comment, of: patient, in: id, db)
            guard
                try reviews.insert(
                    id, new, of: patient, doctor: visit.doctor, comment: comment, on: zone.date(at: now), at: now)
            else { throw ReviewError.exists }
            try DoctorRatings.change(of: visit.doctor, from: nil, to: new.rating, db: db)
            db.audit(AuditEntry(.createPHI, "reviews", "\(id)", by: origin, patient: patient))
            return try shown(id, to: .patient(patient), db)
        }
    }

    func change(
        _ id: ReviewID, _ change: Change, by patient: PatientID, origin: RequestOrigin
    ) async throws -> Review {
        try await database.write { db in
            let old = try lock(id, for: .patient(patient), db)
            // Nothing is written over what cannot be read (rules/patient-data 9).
            _ = try opened([old], for: .patient(patient), db)
            let comment =
                switch change.comment {
                case .absent: old.comment
                case .null: [UInt8]?.none
                case .value(let text): try sealed(TextSort.content(of: text), of: patient, in: id, db)
                }
            let rating = change.rating ?? old.rating
            try ReviewRepository(db: db).update(
                id, rating: rating, comment: comment, isAnonymous: change.isAnonymous ?? old.isAnonymous, at: db.now)
            try DoctorRatings.change(of: old.doctorID, from: old.rating, to: rating, db: db)
            db.audit(AuditEntry(.updatePHI, "reviews", "\(id)", by: origin, patient: patient))
            return try shown(id, to: .patient(patient), db)
        }
    }

    func remove(_ id: ReviewID, by reader: ReviewReader, origin: RequestOrigin) async throws {
        try await database.write { db in
            let old = try lock(id, for: reader, db)
            try ReviewRepository(db: db).delete(id)
            try DoctorRatings.change(of: old.doctorID, from: old.rating, to: nil, db: db)
            db.audit(AuditEntry(.deletePHI, "reviews", "\(id)", by: origin, patient: old.author.id))
        }
    }

    func find(_ id: ReviewID, for reader: ReviewReader, origin: RequestOrigin) async throws -> Review {
        try await database.readAudited { db in
            guard let found = try ReviewRepository(db: db).find(id), reader.maySee(found) else {
                throw ReviewError.notFound
            }
            _ = try vault.key(for: found.author.id, db)
            return (try opened([found], for: reader, db)[0], entries([found], id, reader, origin))
        }
    }

    /// An anonymous review is unknown to the doctor here, because whoever knows the appointment knows the patient.
    func find(of appointment: AppointmentID, for reader: ReviewReader, origin: RequestOrigin) async throws -> Review {
        try await database.readAudited { db in
            guard let found = try ReviewRepository(db: db).find(of: appointment), reader.maySee(found),
                reader.knowsAuthor(of: found)
            else { throw ReviewError.notFound }
            _ = try vault.key(for: found.author.id, db)
            return (try opened([found], for: reader, db)[0], entries([found], found.id, reader, origin))
        }
    }

    func list(
        of doctor: DoctorID, for reader: ReviewReader, _ page: PageRequest, origin: RequestOrigin
    ) async throws -> Page<Review> {
        try await database.readAudited { db in
            let reviews = ReviewRepository(db: db)
            let found = try reviews.list(of: doctor, page)
            guard try !found.items.isEmpty || reviews.knows(doctor) else { throw ReviewError.doctorNotFound }
            return (
                found.replacing(try opened(found.items, for: reader, db)), entries(found.items, nil, reader, origin)
            )
        }
    }

    func list(
        of patient: PatientID, for reader: ReviewReader, _ page: PageRequest, origin: RequestOrigin
    ) async throws -> Page<Review> {
        try await database.readAudited { db in
            let reviews = ReviewRepository(db: db)
            let found = try reviews.list(of: patient, page)
            guard try !found.items.isEmpty || reviews.knows(patient) else { throw ReviewError.patientNotFound }
            return (
                found.replacing(try opened(found.items, for: reader, db)), entries(found.items, nil, reader, origin)
            )
        }
    }

    func ratings(of doctor: DoctorID) async throws -> DoctorRatings {
        try await database.read { db in
            guard let ratings = try DoctorRatings.find(doctor, db: db) else { throw ReviewError.doctorNotFound }
            return ratings
        }
    }

    // MARK: Parts

    /// The review as it stays until the end of the transaction.
    private func lock(_ id: ReviewID, for reader: ReviewReader, _ db: any Connection) throws -> SealedReview {
        let reviews = ReviewRepository(db: db)
        guard let seen = try reviews.find(id), reader.maySee(seen) else { throw ReviewError.notFound }
        try DoctorRatings.lock(seen.doctorID, db: db)
        guard let now = try reviews.find(id) else { throw ReviewError.notFound }
        return now
    }

    private func shown(_ id: ReviewID, to reader: ReviewReader, _ db: any Connection) throws -> Review {
        guard let row = try ReviewRepository(db: db).find(id) else { throw Problem.fault }
        return try opened([row], for: reader, db)[0]
    }

    private func opened(_ rows: [SealedReview], for reader: ReviewReader, _ db: any Connection) throws -> [Review] {
        let keys = try vault.keys(for: rows.map(\.author.id), db)
        return try rows.map { row in
            let key = keys[row.author.id]
            return Review(
                id: row.id, doctorID: row.doctorID, doctorName: row.doctorName, rating: row.rating,
                comment: try row.comment.flatMap { sealed in
                    try key.flatMap { try vault.open(sealed, with: $0, at: Self.commentField(row.id)) }
                },
                isAnonymous: row.isAnonymous, createdOn: row.createdOn,
                author: reader.knowsAuthor(of: row) ? try author(of: row, with: key) : nil)
        }
    }

    private func author(of row: SealedReview, with key: PatientKey?) throws -> Review.Author {
        Review.Author(
            id: row.author.id, name: try key.flatMap { try vault.name(of: row.author, with: $0) },
            appointmentID: row.appointmentID, createdAt: row.createdAt)
    }

    /// Only an administrator's look is an access: authors read what they wrote, everybody what was published.
    private func entries(
        _ rows: [SealedReview], _ id: ReviewID?, _ reader: ReviewReader, _ origin: RequestOrigin
    ) -> [AuditEntry] {
        guard case .administrator = reader else { return [] }
        return [
            AuditEntry(
                .readPHI, "reviews", id.map { "\($0)" } ?? "", by: origin, patients: rows.map(\.author.id))
        ]
    }

    private func sealed(
        _ comment: String?, of patient: PatientID, in review: ReviewID, _ db: any Connection
    ) throws -> [UInt8]? {
        let key = try vault.key(for: patient, db)
        guard key.isUsable else { throw PatientVault.erased }
        return try comment.map { try vault.seal($0, with: key, at: Self.commentField(review)) }
    }

    static func commentField(_ review: ReviewID) -> FieldContext {
        FieldContext(table: "reviews", column: "comment", row: review.rawValue)
    }
}
