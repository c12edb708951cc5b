import Persistence

/// Documents and the links by which patients share them.
enum DocumentSchema {
    /// Taken before the insert, because what is sealed is bound to the id of its row.
    static let documentIDs = IDAllocator("document_ids")
    static let shareIDs = IDAllocator("document_share_ids")

    static let migrations = [
        Migration("documents/documents", documents), Migration("documents/shares", shares),
        Migration("documents/stores", stores),
    ]

    /// `wrapped_key` is sealed with the patient's key, or for a doctor's document by the key ring, whose key `ring_key` then
    /// names (rules/documents 2). A row without `deleted_at` has its object in the store.
    @Sendable
    private static func documents(_ d: Dialect) -> [SQL] {
        [
            Migration.createAllocator("document_ids", dialect: d),
            """
            CREATE TABLE documents (
                id \(d.integer) PRIMARY KEY,
                patient_id \(d.integer) REFERENCES patients,
                doctor_id \(d.integer) REFERENCES doctors,
                document_type \(d.text) NOT NULL
                    CHECK (document_type IN ('PROFILE_IMAGE', 'CERTIFICATE', 'MEDICAL_DOCUMENT', 'PRESCRIPTION',
                                             'LAB_REPORT', 'INSURANCE_DOCUMENT', 'IDENTIFICATION', 'OTHER')),
                booking_id \(d.integer),
                content_type \(d.text) NOT NULL,
                is_active_content \(d.boolean) NOT NULL,
                name \(d.bytes) NOT NULL,
                description \(d.bytes),
                digest \(d.bytes) NOT NULL,
                size \(d.integer) NOT NULL CHECK (size > 0),
                object_name \(d.text) NOT NULL CONSTRAINT documents_object_once UNIQUE,
                ring_key \(d.text),
                wrapped_key \(d.bytes) NOT NULL,
                is_public \(d.boolean) NOT NULL,
                uploaded_by \(d.integer) NOT NULL REFERENCES users,
                uploader_role \(d.text) NOT NULL,
                created_at \(d.instant) NOT NULL,
                updated_at \(d.instant) NOT NULL,
                deleted_at \(d.instant),
                deleted_by \(d.integer) REFERENCES users,
                CONSTRAINT documents_owner CHECK ((patient_id IS NULL) <> (doctor_id IS NULL)),
                CONSTRAINT documents_ring CHECK ((ring_key IS NULL) = (doctor_id IS NULL))
            )\(d.strict)
            """,
            "CREATE INDEX documents_patient ON documents (patient_id, created_at, id) WHERE deleted_at IS NULL",
            "CREATE INDEX documents_doctor ON documents (doctor_id, created_at, id) WHERE deleted_at IS NULL",
            // What an owner's documents take, those not yet cleared away included.
            "CREATE INDEX documents_patient_size ON documents (patient_id, uploader_role, size, deleted_at)",
            "CREATE INDEX documents_doctor_size ON documents (doctor_id, uploader_role, size, deleted_at)",
            "CREATE INDEX documents_booking ON documents (booking_id) WHERE booking_id IS NOT NULL",
            "CREATE INDEX documents_ring_key ON documents (ring_key, id) WHERE ring_key IS NOT NULL",
            "CREATE INDEX documents_deleted ON documents (deleted_at) WHERE deleted_at IS NOT NULL",
        ]
    }

    /// The token of a share can be made again from its id, so only its digest is kept.
    @Sendable
    private static func shares(_ d: Dialect) -> [SQL] {
        [
            Migration.createAllocator("document_share_ids", dialect: d),
            """
            CREATE TABLE document_shares (
                id \(d.integer) PRIMARY KEY,
                document_id \(d.integer) NOT NULL REFERENCES documents,
                token_digest \(d.bytes) NOT NULL CONSTRAINT document_shares_token_once UNIQUE,
                created_at \(d.instant) NOT NULL,
                expires_at \(d.instant) NOT NULL,
                max_views \(d.integer) CHECK (max_views > 0),
                views \(d.integer) NOT NULL DEFAULT 0,
                revoked_at \(d.instant),
                CONSTRAINT document_shares_bound CHECK (max_views IS NULL OR views <= max_views)
            )\(d.strict)
            """,
            "CREATE INDEX document_shares_document ON document_shares (document_id, created_at, id)",
            "CREATE INDEX document_shares_expiry ON document_shares (expires_at)",
        ]
    }

    /// One row: the random id of the installation, which its store has to carry (rules/object-storage 8).
    @Sendable
    private static func stores(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE document_stores (
                id \(d.integer) PRIMARY KEY CHECK (id = 1),
                installation_id \(d.text) NOT NULL,
                is_marked \(d.boolean) NOT NULL
            )\(d.strict)
            """
        ]
    }
}
