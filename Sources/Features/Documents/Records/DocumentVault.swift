package import CareSyncCore
package import Cryptography
package import Directory
import Logging
import ObjectStorage
package import Persistence
import SealedFiles

/// Seals the keys of files with those of their owners, and opens what is stored about documents.
struct DocumentVault: Sendable {
    let patients: PatientVault
    let ring: KeyRing
    let random: RandomSource
    let logger: Logger

    enum Column: String {
        case wrappedKey = "wrapped_key"
        case name, description, digest
        case content = "object_name"

        func context(_ id: DocumentID) -> FieldContext {
            FieldContext(table: "documents", column: rawValue, row: id.rawValue)
        }
    }

    /// With the patient's key, or by the ring, whose key is named then. Throws ``PatientVault/erased``.
    func wrap(
        _ key: FileKey, of id: DocumentID, for owner: DocumentOwner, _ db: any Connection
    ) throws -> (wrapped: [UInt8], ringKey: String?) {
        let context = Column.wrappedKey.context(id)
        return switch owner {
        case .patient(let patient): (try patients.seal(key.text, of: patient, at: context, db), nil)
        case .doctor: (try key.wrap(by: ring, at: context, random: random), ring.writing.id)
        }
    }

    func seal(_ text: String, with key: FileKey, _ column: Column, of id: DocumentID) throws -> [UInt8] {
        try key.seal(text, at: column.context(id), random: random)
    }

    /// Where a document's bytes are; `nil` when its patient is erased. Throws ``IntegrityFailure``.
    func place(of document: SealedDocument, _ db: any Connection) throws -> SealedPlace? {
        guard let key = try key(of: document, db) else { return nil }
        let digest = Base64.decode(try key.open(document.digest, at: Column.digest.context(document.id)))
        guard let digest, let name = ObjectName(document.objectName) else {
            throw IntegrityFailure(Column.digest.context(document.id))
        }
        return SealedPlace(name: name, key: key, length: document.size, sha256: digest)
    }

    /// `nil` when its patient is erased.
    func open(_ document: SealedDocument, _ db: any Connection) throws -> Document? {
        try key(of: document, db).map { try open(document, with: $0) }
    }

    /// In their order, with one query for keys at most. What belongs to an erased patient, or whose key is lost, is left out.
    func open(_ documents: [SealedDocument], _ db: any Connection) throws -> [Document] {
        let keys = try patients.keys(for: documents.compactMap(\.owner.patient), db)
        return try documents.compactMap { document in
            let key: FileKey? =
                switch document.owner {
                case .patient(let patient): try keys[patient].flatMap { try self.key(of: document, $0) }
                case .doctor: try ringKey(of: document)
                }
            return try key.map { try open(document, with: $0) }
        }
    }

    private func key(of document: SealedDocument, _ db: any Connection) throws -> FileKey? {
        switch document.owner {
        case .patient(let patient): return try key(of: document, patients.key(for: patient, db))
        case .doctor:
            guard let key = try ringKey(of: document) else {
                throw IntegrityFailure(Column.wrappedKey.context(document.id))
            }
            return key
        }
    }

    /// Of a doctor's document; `nil`, and logged, when the ring lacks the key that wrapped it.
    private func ringKey(of document: SealedDocument) throws -> FileKey? {
        let context = Column.wrappedKey.context(document.id)
        do {
            return try FileKey(unwrapping: document.wrappedKey, by: ring, at: context)
        } catch let missing as MissingRingKey {
            logger.error(
                "a document's key does not open",
                metadata: ["place": "\(IntegrityFailure(context))", "cause": "\(missing)"])
            return nil
        }
    }

    private func key(of document: SealedDocument, _ patient: PatientKey) throws -> FileKey? {
        let context = Column.wrappedKey.context(document.id)
        guard let text = try patients.open(document.wrappedKey, with: patient, at: context) else { return nil }
        guard let key = FileKey(text: text) else { throw IntegrityFailure(context) }
        return key
    }

    private func open(_ document: SealedDocument, with key: FileKey) throws -> Document {
        Document(
            id: document.id, owner: document.owner, type: document.type, contentType: document.contentType,
            name: try key.open(document.name, at: Column.name.context(document.id)),
            description: try document.description.map {
                try key.open($0, at: Column.description.context(document.id))
            },
            size: document.size, isPublic: document.isPublic, uploadedAt: document.uploadedAt)
    }
}

/// Takes part in the rotation of the key ring, which wraps the keys of doctors' documents.
package struct DocumentKeyRotation: Sendable {
    private let ring: KeyRing
    private let random: RandomSource

    package init(ring: KeyRing, random: RandomSource) {
        self.ring = ring
        self.random = random
    }

    private struct Wrapped: RowDecodable {
        let id: DocumentID
        let ringKey: String
        let key: [UInt8]

        init(row: Row) throws {
            id = try row.value("id")
            ringKey = try row.value("ring_key")
            key = try row.value("wrapped_key")
        }
    }

    /// The keys of the ring that any document needs.
    package static func ringKeysInUse(_ db: any Connection) throws -> [String] {
        try db.distinctTexts("ring_key", in: "documents", where: "ring_key IS NOT NULL")
    }

    /// In the order of the index of the ring's keys, which patients' documents are not in.
    static func due(_ writing: String, after last: RingPlace, _ limit: Int) -> SQL {
        """
        SELECT id, ring_key, wrapped_key FROM documents
        WHERE ring_key <> \(writing) AND (ring_key, id) > (\(last.ringKey), \(last.row))
        ORDER BY ring_key, id LIMIT \(limit)
        """
    }

    /// Wraps up to `limit` keys anew that another than the writing key has wrapped, behind a place; `nil` when there are no
    /// more. A key that does not open is named and stays as it is.
    package func rewrap(after last: RingPlace, limit: Int, _ db: any Connection) throws -> RingStep? {
        let rows: [Wrapped] = try db.all(Self.due(ring.writing.id, after: last, limit))
        guard let end = rows.last else { return nil }
        var step = RingStep(last: RingPlace(ringKey: end.ringKey, row: end.id.rawValue))
        for row in rows {
            let context = DocumentVault.Column.wrappedKey.context(row.id)
            do {
                let key = try FileKey(unwrapping: row.key, by: ring, at: context)
                // Only what was read is replaced: another process may have been faster.
                step.outcome.changed += try db.run(
                    """
                    UPDATE documents SET wrapped_key = \(try key.wrap(by: ring, at: context, random: random)),
                                         ring_key = \(ring.writing.id)
                    WHERE id = \(row.id) AND wrapped_key = \(row.key)
                    """)
            } catch let failure as IntegrityFailure {
                step.outcome.damaged.append("\(failure)")
            } catch let missing as MissingRingKey {
                step.outcome.damaged.append("\(missing) It wrapped the key of document \(row.id).")
            }
        }
        return step
    }
}
