package import Persistence

/// Doctors, patients and the value lists of the forms.
package enum DirectoryMigrations {
    package static let all: [Migration] = [
        Migration(3, "doctors and their qualifications") { d in doctors(d) + qualifications(d) + ratings(d) },
        Migration(4, "patients and their keys") { d in patients(d) },
        Migration(5, "master values") { d in masterValues(d) + MasterSeed.statements },
        Migration(7, "folded texts of doctors") { d in foldedTexts(d) },
        DoctorListMigration.migration,
        BreakGlassMigration.migration,
        DoctorRevisionMigration.migration,
    ]

    private static func doctors(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE doctors (
                id \(d.integer) PRIMARY KEY REFERENCES users,
                first_name \(d.text) NOT NULL CHECK (length(first_name) BETWEEN 1 AND 50),
                last_name \(d.text) NOT NULL CHECK (length(last_name) BETWEEN 1 AND 50),
                specialization \(d.text) CHECK (length(specialization) <= 100),
                specialization_key \(d.text),
                profile_image_url \(d.text) CHECK (length(profile_image_url) <= 255),
                contact_info \(d.text) CHECK (length(contact_info) <= 100),
                gender \(d.text) CHECK (length(gender) <= 20),
                date_of_birth \(d.date),
                consultation_fee \(d.integer) CHECK (consultation_fee BETWEEN 0 AND 100000000),
                address \(d.text) CHECK (length(address) <= 255),
                languages \(d.text) CHECK (length(languages) <= 1024),
                experience_count \(d.integer) NOT NULL DEFAULT 0,
                education_count \(d.integer) NOT NULL DEFAULT 0,
                certificate_count \(d.integer) NOT NULL DEFAULT 0,
                is_verified \(d.boolean) NOT NULL DEFAULT FALSE,
                verified_at \(d.instant),
                verified_by \(d.integer) REFERENCES users,
                slot_minutes \(d.integer) NOT NULL DEFAULT 30 CHECK (slot_minutes IN (15, 20, 30, 45, 60)),
                buffer_before_minutes \(d.integer) NOT NULL DEFAULT 0 CHECK (buffer_before_minutes BETWEEN 0 AND 120),
                buffer_after_minutes \(d.integer) NOT NULL DEFAULT 0 CHECK (buffer_after_minutes BETWEEN 0 AND 120),
                minimum_notice_minutes \(d.integer) NOT NULL DEFAULT 0
                    CHECK (minimum_notice_minutes BETWEEN 0 AND 20160),
                horizon_days \(d.integer) NOT NULL DEFAULT 180 CHECK (horizon_days BETWEEN 1 AND 366),
                hours_version \(d.integer) NOT NULL DEFAULT 0,
                payment_policy \(d.text) NOT NULL DEFAULT 'PAY_LATER'
                    CHECK (payment_policy IN ('PAY_LATER', 'PREPAY')),
                version \(d.integer) NOT NULL DEFAULT 1,
                created_at \(d.instant) NOT NULL,
                updated_at \(d.instant) NOT NULL
            )\(d.strict)
            """,
            "CREATE INDEX doctors_specialization ON doctors (specialization_key, id)",
        ]
    }

    /// What searches compare, folded by ``FoldedText`` because the databases' own `lower` differ: SQLite's knows ASCII
    /// only. The same is the reason for the collation, which is SQLite's standard. Doctors that are there already get
    /// what their database can do.
    private static func foldedTexts(_ d: Dialect) -> [SQL] {
        let text: SQL = d == .postgres ? "text COLLATE \"C\"" : "TEXT"
        return ["first_name_key", "last_name_key", "gender_key", "languages_key"].map { (column: SQL) -> SQL in
            "ALTER TABLE doctors ADD COLUMN \(column) \(text)"
        } + [
            """
            UPDATE doctors SET first_name_key = lower(first_name), last_name_key = lower(last_name),
                               gender_key = lower(gender), languages_key = lower(languages)
            """
        ]
    }

    private static func qualifications(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE doctor_experiences (
                id \(d.identity),
                doctor_id \(d.integer) NOT NULL REFERENCES doctors,
                hospital_name \(d.text) NOT NULL,
                position \(d.text) NOT NULL,
                years_of_service \(d.integer) NOT NULL CHECK (years_of_service BETWEEN 0 AND 80),
                details \(d.text)
            )\(d.strict)
            """,
            "CREATE INDEX doctor_experiences_doctor ON doctor_experiences (doctor_id, id)",
            """
            CREATE TABLE doctor_educations (
                id \(d.identity),
                doctor_id \(d.integer) NOT NULL REFERENCES doctors,
                degree \(d.text) NOT NULL,
                institution \(d.text) NOT NULL,
                year_of_completion \(d.integer) NOT NULL CHECK (year_of_completion BETWEEN 1900 AND 2200),
                details \(d.text)
            )\(d.strict)
            """,
            "CREATE INDEX doctor_educations_doctor ON doctor_educations (doctor_id, id)",
            """
            CREATE TABLE doctor_certificates (
                id \(d.identity),
                doctor_id \(d.integer) NOT NULL REFERENCES doctors,
                name \(d.text) NOT NULL,
                url \(d.text) NOT NULL,
                details \(d.text),
                issuing_organization \(d.text),
                issue_date \(d.date),
                expiry_date \(d.date),
                credential_id \(d.text),
                credential_url \(d.text)
            )\(d.strict)
            """,
            "CREATE INDEX doctor_certificates_doctor ON doctor_certificates (doctor_id, id)",
        ]
    }

    /// The roll-up of reviews; the reviews feature keeps it in step with each review.
    private static func ratings(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE doctor_ratings (
                doctor_id \(d.integer) PRIMARY KEY REFERENCES doctors,
                review_count \(d.integer) NOT NULL CHECK (review_count >= 0),
                rating_sum \(d.integer) NOT NULL CHECK (rating_sum BETWEEN review_count AND 5 * review_count),
                average \(d.double) NOT NULL CHECK (average BETWEEN 0 AND 5)
            )\(d.strict)
            """,
            "CREATE INDEX doctor_ratings_average ON doctor_ratings (average)",
        ]
    }

    /// Health data and names are encrypted under the patient's own key (RULINGS E1, E2); the birth year stays clear for
    /// age groups.
    private static func patients(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE patients (
                id \(d.integer) PRIMARY KEY REFERENCES users,
                first_name \(d.bytes) NOT NULL,
                last_name \(d.bytes) NOT NULL,
                contact_info \(d.bytes),
                illness_details \(d.bytes),
                date_of_birth \(d.bytes),
                birth_year \(d.integer),
                gender \(d.text) CHECK (length(gender) <= 20),
                blood_group \(d.text) CHECK (length(blood_group) <= 10),
                profile_image_url \(d.text) CHECK (length(profile_image_url) <= 255),
                version \(d.integer) NOT NULL DEFAULT 1,
                created_at \(d.instant) NOT NULL,
                updated_at \(d.instant) NOT NULL
            )\(d.strict)
            """,
            """
            CREATE TABLE patient_keys (
                patient_id \(d.integer) PRIMARY KEY REFERENCES patients,
                generation \(d.integer) NOT NULL,
                ring_key \(d.text) NOT NULL,
                wrapped \(d.bytes) NOT NULL,
                created_at \(d.instant) NOT NULL
            )\(d.strict)
            """,
        ]
    }

    private static func masterValues(_ d: Dialect) -> [SQL] {
        [
            """
            CREATE TABLE master_values (
                id \(d.identity),
                org_id \(d.integer) NOT NULL,
                list \(d.text) NOT NULL,
                value \(d.text) NOT NULL,
                value_key \(d.text) NOT NULL,
                code \(d.text),
                description \(d.text),
                position \(d.integer) NOT NULL,
                CONSTRAINT master_values_once UNIQUE (org_id, list, value_key)
            )\(d.strict)
            """,
            "CREATE INDEX master_values_order ON master_values (org_id, list, position, id)",
        ]
    }
}
