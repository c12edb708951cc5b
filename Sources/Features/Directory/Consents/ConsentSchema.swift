import Persistence

enum ConsentSchema {
    /// Rows are only added: together they tell what was agreed to at any time.
    static let migration = Migration("directory/consents") { d in
        [
            """
            CREATE TABLE patient_consents (
                id \(d.identity),
                patient_id \(d.integer) NOT NULL REFERENCES patients,
                purpose \(d.text) NOT NULL,
                number \(d.integer) NOT NULL,
                is_granted \(d.boolean) NOT NULL,
                text_version \(d.integer) NOT NULL CHECK (text_version >= 1),
                changed_at \(d.instant) NOT NULL,
                CONSTRAINT patient_consents_once UNIQUE (patient_id, purpose, number),
                CONSTRAINT patient_consents_purpose_known CHECK (purpose IN ('ASSISTANT'))
            )\(d.strict)
            """
        ]
    }
}
