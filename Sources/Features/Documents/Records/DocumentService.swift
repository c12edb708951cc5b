import AuditTrail
import CareSyncCore
import Directory
import Persistence
import Scheduling
import SealedFiles

/// Lists of documents, and what their keepers change of them.
struct DocumentService: Sendable {
    let database: any Database
    let vault: DocumentVault
    let access: DocumentAccess
    /// Selects the ids of the patients a doctor treats.
    let treatedPatients: @Sendable (DoctorID) -> SQL

    static let recentDays = 1...90

    /// - Parameter type: `nil` for all that the reader may see.
    func list(
        of patient: PatientID, _ type: DocumentType?, for reader: Reader, _ page: PageRequest, origin: RequestOrigin
    ) async throws -> Page<Document> {
        try await database.readAudited { db in
            let grant = try access.require(reader, on: patient, db)
            let hidden = reader.role == .doctor ? DocumentType.ownersOnly : []
            let found = try DocumentRepository(db: db).page(
                DocumentRepository.Filter(owner: .patient(patient), only: type, except: hidden), page)
            let entry = AuditEntry(
                .readPHI, "documents", "", by: origin, patient: patient, reason: grant.auditReason)
            return (found.replacing(try vault.open(found.items, db)), [entry])
        }
    }

    /// For the doctor, and for administrators, whose look is recorded.
    func list(
        of doctor: DoctorID, _ type: DocumentType?, for reader: Reader, _ page: PageRequest, origin: RequestOrigin
    ) async throws -> Page<Document> {
        guard reader.role == .admin || DoctorID(reader.user) == doctor else { throw Problem.accessDenied }
        return try await database.readAudited { db in
            let found = try DocumentRepository(db: db).page(
                DocumentRepository.Filter(owner: .doctor(doctor), only: type), page)
            let entries =
                reader.role == .admin ? [AuditEntry(.adminAction, "documents", "doctor \(doctor)", by: origin)] : []
            return (found.replacing(try vault.open(found.items, db)), entries)
        }
    }

    /// What was filed in the last days: the doctor's own documents, and those of treated patients.
    func recent(days: Int, for doctor: DoctorID, _ page: PageRequest, origin: RequestOrigin) async throws -> Page<
        Document
    > {
        try await database.readAudited { db in
            let isVerified: Bool? = try db.value("SELECT is_verified FROM doctors WHERE id = \(doctor)")
            guard isVerified == true else { throw SchedulingError.doctorNotVerified }
            let found = try DocumentRepository(db: db).recent(
                of: doctor, treated: treatedPatients(doctor), since: db.now - .days(Int64(days)), page)
            let patients = found.items.compactMap(\.owner.patient)
            let entries =
                patients.isEmpty ? [] : [AuditEntry(.readPHI, "documents", "", by: origin, patients: patients)]
            return (found.replacing(try vault.open(found.items, db)), entries)
        }
    }

    func describe(
        _ id: DocumentID, as text: String?, by reader: Reader, origin: RequestOrigin
    ) async throws -> Document {
        try await database.write { db in
            let documents = DocumentRepository(db: db)
            let (sealed, grant) = try changeable(id, reader, db)
            // Nothing is written over what cannot be read (rules/patient-data 9).
            guard try vault.open(sealed, db) != nil, let key = try vault.place(of: sealed, db)?.key else {
                throw DocumentError.notFound
            }
            let description = try text.map { try vault.seal($0, with: key, .description, of: id) }
            guard try documents.update(id, description: description, at: db.now),
                let changed = try documents.find(id), let document = try vault.open(changed, db)
            else { throw DocumentError.notFound }
            db.audit(entry(.updatePHI, sealed, grant, by: origin))
            return document
        }
    }

    /// At once for everybody; the bytes stay for a while (rules/documents 9).
    func delete(_ id: DocumentID, by reader: Reader, origin: RequestOrigin) async throws {
        try await database.write { db in
            let (sealed, grant) = try changeable(id, reader, db)
            switch sealed.owner {
            case .doctor(let doctor): try ProfileFiles.lock(doctor, db)
            case .patient(let patient): try ProfileFiles.lock(patient, db)
            }
            if let doctor = sealed.owner.doctor, try ProfileFiles.isCertificate(id.rawValue, of: doctor, db) {
                throw DocumentError.inUse
            }
            guard try DocumentRepository(db: db).delete(id, by: reader.user, at: db.now) else {
                throw DocumentError.notFound
            }
            if sealed.type == .profileImage {
                let mark = DocumentLinks.mark(of: id)
                switch sealed.owner {
                case .doctor(let doctor): try ProfileFiles.clearImage(containing: mark, of: doctor, db)
                case .patient(let patient): try ProfileFiles.clearImage(containing: mark, of: patient, db)
                }
            }
            db.audit(entry(.deletePHI, sealed, grant, by: origin))
        }
    }

    /// Nobody changes what they may not see now, whoever filed it. Those who may read it for the treatment, or because it
    /// is theirs, get 403; to everybody else it is unknown.
    private func changeable(
        _ id: DocumentID, _ reader: Reader, _ db: any Connection
    ) throws -> (SealedDocument, DocumentAccess.Grant) {
        guard let document = try DocumentRepository(db: db).find(id), let grant = try access.grant(reader, document, db)
        else { throw DocumentError.notFound }
        if DocumentAccess.mayChange(reader, document) { return (document, grant) }
        guard document.type != .profileImage, grant == DocumentAccess.Grant() else { throw DocumentError.notFound }
        throw Problem.accessDenied
    }

    private func entry(
        _ action: AuditEntry.Action, _ document: SealedDocument, _ grant: DocumentAccess.Grant,
        by origin: RequestOrigin
    ) -> AuditEntry {
        AuditEntry(
            document.owner.patient == nil ? .accountChange : action, "documents", "\(document.id)", by: origin,
            patient: document.owner.patient, reason: grant.auditReason, before: document.type.rawValue)
    }
}
