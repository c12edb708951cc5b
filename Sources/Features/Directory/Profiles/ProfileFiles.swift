package import CareSyncCore
package import Persistence

/// What uploading and deleting files changes in profiles, in the transaction of the one who keeps the files.
package enum ProfileFiles {
    /// Longest name and details of a certificate.
    private static let longestText = 255

    /// Locks the doctor's row, before anything of the doctor's is changed.
    package static func lock(_ doctor: DoctorID, _ db: any Connection) throws {
        _ = try db.exists(
            "SELECT d.id FROM doctors d WHERE d.id = \(doctor)\(db.dialect.forNoKeyUpdate(of: "d"))")
    }

    /// As ``lock(_:_:)-(DoctorID,_)``.
    package static func lock(_ patient: PatientID, _ db: any Connection) throws {
        _ = try db.exists(
            "SELECT p.id FROM patients p WHERE p.id = \(patient)\(db.dialect.forNoKeyUpdate(of: "p"))")
    }

    /// Where the doctor's picture is from now on.
    package static func setImage(_ url: String, of doctor: DoctorID, _ db: any Connection) throws {
        try db.run(
            """
            UPDATE doctors SET profile_image_url = \(url), version = version + 1, updated_at = \(db.now)
            WHERE id = \(doctor)
            """)
    }

    /// Where the patient's picture is from now on.
    package static func setImage(_ url: String, of patient: PatientID, _ db: any Connection) throws {
        try db.run(
            """
            UPDATE patients SET profile_image_url = \(url), version = version + 1, updated_at = \(db.now)
            WHERE id = \(patient)
            """)
    }

    /// Takes the doctor's picture away if its address contains `mark`.
    package static func clearImage(containing mark: String, of doctor: DoctorID, _ db: any Connection) throws {
        try db.run(
            """
            UPDATE doctors SET profile_image_url = NULL, version = version + 1, updated_at = \(db.now)
            WHERE id = \(doctor) AND profile_image_url LIKE \("%\(mark)%")
            """)
    }

    /// Takes the patient's picture away if its address contains `mark`.
    package static func clearImage(containing mark: String, of patient: PatientID, _ db: any Connection) throws {
        try db.run(
            """
            UPDATE patients SET profile_image_url = NULL, version = version + 1, updated_at = \(db.now)
            WHERE id = \(patient) AND profile_image_url LIKE \("%\(mark)%")
            """)
    }

    /// A certificate whose file is this document, named after the file: its id.
    package static func addCertificate(
        _ name: String, details: String?, url: String, document: Int64, of doctor: DoctorID, _ db: any Connection
    ) throws -> Int64? {
        let id: Int64? = try db.value(
            """
            INSERT INTO doctor_certificates (doctor_id, name, details, url, document_id)
            VALUES (\(doctor), \(cut(name)), \(details.map(cut)), \(url), \(document)) RETURNING id
            """)
        try countCertificates(of: doctor, db)
        return id
    }

    /// Puts another file in the place of a certificate's; `nil` when the doctor has no such certificate.
    package static func relinkCertificate(
        _ certificate: Int64, to document: Int64, url: String, of doctor: DoctorID, _ db: any Connection
    ) throws -> RelinkedCertificate? {
        let found: RelinkedCertificate? = try db.first(
            "SELECT document_id FROM doctor_certificates WHERE id = \(certificate) AND doctor_id = \(doctor)")
        guard found != nil else { return nil }
        try db.run(
            "UPDATE doctor_certificates SET url = \(url), document_id = \(document) WHERE id = \(certificate)")
        return found
    }

    /// Whether a certificate of the doctor's shows this document.
    package static func isCertificate(_ document: Int64, of doctor: DoctorID, _ db: any Connection) throws -> Bool {
        try db.exists(
            "SELECT 1 FROM doctor_certificates WHERE document_id = \(document) AND doctor_id = \(doctor)")
    }

    private static func countCertificates(of doctor: DoctorID, _ db: any Connection) throws {
        try db.run(
            """
            UPDATE doctors
            SET certificate_count = (SELECT count(*) FROM doctor_certificates WHERE doctor_id = \(doctor))
            WHERE id = \(doctor)
            """)
    }

    private static func cut(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(longestText)))
    }
}

/// A certificate that has got another file.
package struct RelinkedCertificate: RowDecodable {
    /// The document that was there before.
    package let replaced: Int64?

    package init(row: Row) throws {
        replaced = try row.value("document_id")
    }
}
