import Persistence

enum ReviewSchema {
    static let migration = Migration("reviews/reviews") { d in
        [
            """
            CREATE TABLE reviews (
                id \(d.integer) PRIMARY KEY,
                appointment_id \(d.integer) NOT NULL UNIQUE REFERENCES appointments,
                patient_id \(d.integer) NOT NULL REFERENCES patients,
                doctor_id \(d.integer) NOT NULL REFERENCES doctors,
                rating \(d.integer) NOT NULL CHECK (rating BETWEEN 1 AND 5),
                comment \(d.bytes),
                is_anonymous \(d.boolean) NOT NULL,
                created_on \(d.date) NOT NULL,
                created_at \(d.instant) NOT NULL,
                updated_at \(d.instant) NOT NULL
            )\(d.strict)
            """,
            "CREATE INDEX reviews_doctor ON reviews (doctor_id, created_on, id)",
            "CREATE INDEX reviews_patient ON reviews (patient_id, created_at, id)",
        ]
    }
}
