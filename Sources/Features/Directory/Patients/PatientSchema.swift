import Persistence

enum PatientSchema {
    static let migration = Migration("directory/patients") { d in patients(d) }

    /// Health data and names are encrypted under the patient's own key (rules/patient-data 1 and 2); the birth year
    /// stays clear for age groups.
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
            // Keyed codes of the words of patients' names (rules/patient-data 8). A search reads those of one word in the
            // order of the patients.
            """
            CREATE TABLE patient_name_words (
                patient_id \(d.integer) NOT NULL REFERENCES patients,
                code \(d.bytes) NOT NULL,
                CONSTRAINT patient_name_words_once PRIMARY KEY (code, patient_id)
            )\(d.strict)
            """,
            "CREATE INDEX patient_name_words_patient ON patient_name_words (patient_id)",
            """
            CREATE TABLE patient_keys (
                patient_id \(d.integer) NOT NULL REFERENCES patients,
                generation \(d.integer) NOT NULL,
                is_sealing \(d.boolean) NOT NULL,
                ring_key \(d.text) NOT NULL,
                wrapped \(d.bytes),
                rotation_id \(d.integer),
                created_at \(d.instant) NOT NULL,
                erased_at \(d.instant),
                PRIMARY KEY (patient_id, generation),
                CONSTRAINT patient_keys_erased CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
            )\(d.strict)
            """,
            "CREATE INDEX patient_keys_ring ON patient_keys (ring_key) WHERE wrapped IS NOT NULL",
        ] + (d == .postgres ? [PatientKeySeals.function] : [])
    }
}
