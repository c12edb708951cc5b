import FeatureContract
import Persistence

enum DoctorSchema {
    static let migration = Migration("directory/doctors") { d in
        doctors(d) + qualifications(d) + ratings(d) + DoctorListTriggers.statements(d)
            + DoctorRevisionTriggers.statements(d)
    }

    private static let standardTerms = SQL(stringLiteral: CancellationTerms.standard.stored)

    /// Searches compare the keys, which are folded by ``TextKey`` because the databases' own `lower` differ; hence also the
    /// collation, which is SQLite's standard. `hours_version` counts the changes of working hours and settings, so that a
    /// booking can tell that it was judged by the ones in force. Triggers keep the rating, `is_active` and `revision`.
    private static func doctors(_ d: Dialect) -> [SQL] {
        let key: SQL = d == .postgres ? "text COLLATE \"C\"" : "TEXT"
        return [
            """
            CREATE TABLE doctors (
                id \(d.integer) PRIMARY KEY REFERENCES users,
                first_name \(d.text) NOT NULL CHECK (length(first_name) BETWEEN 1 AND 50),
                last_name \(d.text) NOT NULL CHECK (length(last_name) BETWEEN 1 AND 50),
                specialization \(d.text) CHECK (length(specialization) <= 100),
                specialization_key \(d.text),
                first_name_key \(key),
                last_name_key \(key),
                gender_key \(key),
                languages_key \(key),
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
                review_count \(d.integer) NOT NULL DEFAULT 0,
                average_rating \(d.double) NOT NULL DEFAULT 0,
                is_active \(d.boolean) NOT NULL DEFAULT TRUE,
                is_verified \(d.boolean) NOT NULL DEFAULT FALSE,
                verified_at \(d.instant),
                verified_by \(d.integer) REFERENCES users,
                slot_minutes \(d.integer) NOT NULL DEFAULT 30 CHECK (slot_minutes IN (15, 20, 30, 45, 60)),
                payment_policy \(d.text) NOT NULL DEFAULT 'PAY_LATER'
                    CHECK (payment_policy IN ('PAY_LATER', 'PREPAY')),
                cancellation_terms \(d.text) NOT NULL DEFAULT '\(standardTerms)' CHECK (length(cancellation_terms) <= 100),
                buffer_before_minutes \(d.integer) NOT NULL DEFAULT 0 CHECK (buffer_before_minutes BETWEEN 0 AND 120),
                buffer_after_minutes \(d.integer) NOT NULL DEFAULT 0 CHECK (buffer_after_minutes BETWEEN 0 AND 120),
                minimum_notice_minutes \(d.integer) NOT NULL DEFAULT 0
                    CHECK (minimum_notice_minutes BETWEEN 0 AND 20160),
                horizon_days \(d.integer) NOT NULL DEFAULT 180 CHECK (horizon_days BETWEEN 1 AND 366),
                hours_version \(d.integer) NOT NULL DEFAULT 0,
                revision \(d.integer) NOT NULL DEFAULT 1,
                version \(d.integer) NOT NULL DEFAULT 1,
                created_at \(d.instant) NOT NULL,
                updated_at \(d.instant) NOT NULL
            )\(d.strict)
            """,
            "CREATE INDEX doctors_specialization ON doctors (specialization_key, id)",
            """
            CREATE INDEX doctors_listed ON doctors (specialization_key, average_rating DESC, id)
            WHERE is_active AND is_verified
            """,
            // The words of a doctor's name: a search finds each word by a range of the key.
            """
            CREATE TABLE doctor_name_words (
                doctor_id \(d.integer) NOT NULL REFERENCES doctors,
                word \(key) NOT NULL,
                CONSTRAINT doctor_name_words_once PRIMARY KEY (word, doctor_id)
            )\(d.strict)
            """,
            "CREATE INDEX doctor_name_words_doctor ON doctor_name_words (doctor_id)",
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
                credential_url \(d.text),
                document_id \(d.integer)
            )\(d.strict)
            """,
            "CREATE INDEX doctor_certificates_doctor ON doctor_certificates (doctor_id, id)",
            "CREATE INDEX doctor_certificates_document ON doctor_certificates (document_id)",
        ]
    }

    /// The roll-up of reviews, counted by stars; what follows from the counts is computed by the database, so that the
    /// columns never disagree.
    private static func ratings(_ d: Dialect) -> [SQL] {
        let stars: SQL = "\(d.integer) NOT NULL DEFAULT 0 CHECK"
        let count: SQL = "(stars_1 + stars_2 + stars_3 + stars_4 + stars_5)"
        let sum: SQL = "(stars_1 + 2 * stars_2 + 3 * stars_3 + 4 * stars_4 + 5 * stars_5)"
        return [
            """
            CREATE TABLE doctor_ratings (
                doctor_id \(d.integer) PRIMARY KEY REFERENCES doctors,
                stars_1 \(stars) (stars_1 >= 0),
                stars_2 \(stars) (stars_2 >= 0),
                stars_3 \(stars) (stars_3 >= 0),
                stars_4 \(stars) (stars_4 >= 0),
                stars_5 \(stars) (stars_5 >= 0),
                review_count \(d.integer) NOT NULL GENERATED ALWAYS AS \(count) STORED,
                rating_sum \(d.integer) NOT NULL GENERATED ALWAYS AS \(sum) STORED,
                average \(d.double) NOT NULL GENERATED ALWAYS AS (\(average(sum, count, d))) STORED
            )\(d.strict)
            """,
            "CREATE INDEX doctor_ratings_average ON doctor_ratings (average)",
        ]
    }

    /// With two decimals, halves rounded up; 0 without reviews.
    private static func average(_ sum: SQL, _ count: SQL, _ d: Dialect) -> SQL {
        "CASE WHEN \(count) = 0 THEN 0.0 ELSE CAST((200 * \(sum) + \(count)) / (2 * \(count)) AS \(d.double)) / 100.0 END"
    }
}
