import AuditTrail
package import CareSyncCore
import Cryptography
import Directory
import FileTypes
import Logging
import ObjectStorage
package import Persistence
import SealedFiles
import WebAPI

/// A laboratory booking, as its feature tells of it.
package struct LabBooking: Sendable {
    package let patient: PatientID
    /// Who prescribed it, or is assigned to it.
    package let doctor: DoctorID?

    package init(patient: PatientID, doctor: DoctorID?) {
        self.patient = patient
        self.doctor = doctor
    }
}

/// Whose a laboratory booking is; `nil` for an unknown one.
package typealias LabBookingProbe = @Sendable (_ booking: Int64, _ db: any Connection) throws -> LabBooking?

/// Stores what has been received: the object first, then everything that tells of it in one transaction. When that is
/// refused the object goes again; what a crash leaves in between the sweep takes away.
struct UploadService: Sendable {
    let database: any Database
    let vault: DocumentVault
    let access: DocumentAccess
    let links: DocumentLinks
    let store: any ObjectStore
    let labBooking: LabBookingProbe
    let logger: Logger

    /// What is uploaded, and for whom.
    struct Order: Sendable {
        let owner: DocumentOwner
        let type: DocumentType
        let description: String?
        var booking: Int64?
        /// The file of a certificate in the doctor's profile: a new one, or one that is there.
        var certificate: CertificateTarget?
    }

    enum CertificateTarget: Sendable {
        case new
        case existing(Int64)
    }

    /// A stored document, and the certificate it belongs to.
    struct Stored: Sendable {
        let document: Document
        let certificate: Int64?
    }

    /// May this caller file documents with this owner? Throws what an upload would be refused with, before its file is read.
    func authorize(_ reader: Reader, owner: DocumentOwner, type: DocumentType) async throws {
        try await database.read { db in _ = try authorized(reader, owner: owner, type: type, db) }
    }

    func store(
        _ file: ReceivedFile, _ order: Order, by caller: Principal, origin: RequestOrigin,
        idempotency: Idempotency<Stored>?
    ) async throws -> Replayable<Stored> {
        let reader = Reader(caller)
        _ = try await database.read { db in try check(reader, order, db) }
        do {
            try await file.sealed.store(in: store)
        } catch is StorageError {
            throw DocumentError.storageUnavailable
        }
        do {
            let outcome = try await database.write(
                idempotency: idempotency?.binding(
                    file.sealed.place.sha256 + order.fingerprint + Array(file.name.utf8))
            ) { db in
                let reason = try check(reader, order, db)
                return try insert(file, order, by: caller, origin: origin, reason: reason, db)
            }
            if case .stored = outcome, try await !isKept(file) { await discard(file) }
            return outcome
        } catch {
            // Of anything but a refusal it is not known whether the row was written.
            if error is any FailureCatalogue || error is Problem || error is StoredFailure { await discard(file) }
            throw error
        }
    }

    /// Whether the answer is this upload's own, and not that of an earlier request under the same key.
    private func isKept(_ file: ReceivedFile) async throws -> Bool {
        let name = file.sealed.place.name.text
        return try await database.read { db in try DocumentRepository(db: db).exists(object: name) }
    }

    private func discard(_ file: ReceivedFile) async {
        do {
            try await store.delete(file.sealed.place.name)
        } catch {
            logger.warning("an object is left to the sweep")
        }
    }

    // MARK: Permission

    private func check(_ reader: Reader, _ order: Order, _ db: any Connection) throws -> String? {
        let grant: DocumentAccess.Grant
        if let booking = order.booking {
            grant = try checkBooking(booking, reader, order, db)
        } else {
            grant = try authorized(reader, owner: order.owner, type: order.type, db)
        }
        let usage = try DocumentRepository(db: db).usage(of: order.owner, filedBy: reader.role)
        guard usage.count < DocumentSettings.mostDocuments, usage.bytes < DocumentSettings.mostBytes else {
            throw DocumentError.storageFull
        }
        return grant.auditReason
    }

    private func authorized(
        _ reader: Reader, owner: DocumentOwner, type: DocumentType, _ db: any Connection
    ) throws -> DocumentAccess.Grant {
        switch owner {
        case .doctor(let doctor):
            guard reader.role == .doctor, DoctorID(reader.user) == doctor else { throw Problem.accessDenied }
            return DocumentAccess.Grant()
        case .patient(let patient):
            let isOwnersOnly = type == .profileImage || DocumentType.ownersOnly.contains(type)
            guard reader.role == .patient || !isOwnersOnly else { throw Problem.accessDenied }
            return try access.require(reader, on: patient, db)
        }
    }

    /// A patient files reports of the own bookings, a doctor those of bookings that name the doctor.
    private func checkBooking(
        _ booking: Int64, _ reader: Reader, _ order: Order, _ db: any Connection
    ) throws -> DocumentAccess.Grant {
        if reader.role == .patient, order.owner.patient != PatientID(reader.user) { throw Problem.accessDenied }
        guard let found = try labBooking(booking, db), found.patient == order.owner.patient,
            reader.role == .patient || found.doctor == DoctorID(reader.user)
        else { throw DocumentError.bookingNotFound }
        return DocumentAccess.Grant()
    }

    // MARK: The transaction

    private func insert(
        _ file: ReceivedFile, _ order: Order, by caller: Principal, origin: RequestOrigin, reason: String?,
        _ db: any Connection
    ) throws -> Stored {
        switch order.owner {
        case .doctor(let doctor): try ProfileFiles.lock(doctor, db)
        case .patient(let patient): try ProfileFiles.lock(patient, db)
        }
        let id = DocumentID(try db.nextID(DocumentSchema.documentIDs))
        let (place, now) = (file.sealed.place, db.now)
        let (wrapped, ringKey) = try vault.wrap(place.key, of: id, for: order.owner, db)
        let isPublic = order.type == .profileImage || order.certificate != nil
        try DocumentRepository(db: db).insert(
            NewDocument(
                id: id, owner: order.owner, type: order.type, booking: order.booking,
                contentType: file.kind.contentType, isActiveContent: file.isActiveContent,
                name: try vault.seal(file.name, with: place.key, .name, of: id),
                description: try order.description.map {
                    try vault.seal($0, with: place.key, .description, of: id)
                },
                digest: try vault.seal(Base64.text(place.sha256), with: place.key, .digest, of: id),
                size: place.length, objectName: place.name.text, ringKey: ringKey, wrappedKey: wrapped,
                isPublic: isPublic, uploader: caller.userID, uploaderRole: caller.role), at: now)
        let certificate = try changeProfile(id, file, order, by: caller, at: now, db)
        db.audit(
            AuditEntry(
                order.owner.patient == nil ? .accountChange : .createPHI, "documents", "\(id)", by: origin,
                patient: order.owner.patient, reason: reason, after: order.type.rawValue))
        let document = Document(
            id: id, owner: order.owner, type: order.type, contentType: file.kind.contentType, name: file.name,
            description: order.description, size: place.length, isPublic: isPublic, uploadedAt: now)
        return Stored(document: document, certificate: certificate)
    }

    /// The picture of a profile, or a certificate: its id. What they showed before goes.
    private func changeProfile(
        _ id: DocumentID, _ file: ReceivedFile, _ order: Order, by caller: Principal, at now: Instant,
        _ db: any Connection
    ) throws -> Int64? {
        let (documents, address) = (DocumentRepository(db: db), links.publicAddress(of: id, .inline))
        if order.type == .profileImage {
            switch order.owner {
            case .doctor(let doctor): try ProfileFiles.setImage(address, of: doctor, db)
            case .patient(let patient): try ProfileFiles.setImage(address, of: patient, db)
            }
            try documents.deleteImages(of: order.owner, before: id, by: caller.userID, at: now)
            return nil
        }
        guard let target = order.certificate, let doctor = order.owner.doctor else { return nil }
        switch target {
        case .new:
            return try ProfileFiles.addCertificate(
                file.name, details: order.description, url: address, document: id.rawValue, of: doctor, db)
        case .existing(let certificate):
            let relinked = try ProfileFiles.relinkCertificate(
                certificate, to: id.rawValue, url: address, of: doctor, db)
            guard let relinked else { throw DocumentError.certificateNotFound }
            if let replaced = relinked.replaced {
                _ = try documents.delete(DocumentID(replaced), by: caller.userID, at: now)
            }
            return certificate
        }
    }
}

extension UploadService.Order {
    /// What tells this upload from another one of the same file.
    fileprivate var fingerprint: [UInt8] {
        var parts = [type.rawValue, description ?? "", booking.map(String.init) ?? ""]
        switch owner {
        case .doctor(let doctor): parts.append("doctor \(doctor)")
        case .patient(let patient): parts.append("patient \(patient)")
        }
        if case .existing(let certificate) = certificate { parts.append("\(certificate)") }
        return LengthPrefixed.join(parts.map { Array($0.utf8) })
    }
}

extension Idempotency {
    /// Bound to content that the request's own fingerprint does not cover, because it came as a stream.
    fileprivate func binding(_ content: [UInt8]) -> Idempotency {
        Idempotency(
            principal: principal, route: route, key: key, bodyHash: Digest.sha256(bodyHash + content), encode: encode,
            encodeFailure: encodeFailure)
    }
}
