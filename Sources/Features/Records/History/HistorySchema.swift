import Persistence
package import Scheduling

enum HistorySchema {
    static let historyIDs = IDAllocator("medical_history_ids")
    static let versionIDs = IDAllocator("medical_history_version_ids")
    static let amendmentIDs = IDAllocator("medical_history_amendment_ids")

    static let migration = Migration("records/medical-histories") { d in
        histories(d) + versions(d) + amendments(d)
    }

    /// Entries are never removed: `deleted_at` hides them. `written_as` is the author's name at the last change; exceptional
    /// are entries written with a broken glass.
    private static func histories(_ d: Dialect) -> [SQL] {
        [
            Migration.createAllocator("medical_history_ids", dialect: d),
            """
            CREATE TABLE medical_histories (
                id \(d.integer) PRIMARY KEY,
                patient_id \(d.integer) NOT NULL REFERENCES patients,
                doctor_id \(d.integer) NOT NULL REFERENCES doctors,
                appointment_id \(d.integer) REFERENCES appointments,
                visit_date \(d.date) NOT NULL,
                symptoms \(d.bytes) NOT NULL,
                diagnosis \(d.bytes),
                treatment \(d.bytes),
                medicine \(d.bytes),
                doses \(d.bytes),
                notes \(d.bytes),
                prescription \(d.bytes),
                prescribed_version \(d.integer),
                version \(d.integer) NOT NULL DEFAULT 1,
                written_as \(d.text) NOT NULL,
                is_exceptional \(d.boolean) NOT NULL DEFAULT FALSE,
                created_at \(d.instant) NOT NULL,
                updated_at \(d.instant) NOT NULL,
                deleted_at \(d.instant)
            )\(d.strict)
            """,
            """
            CREATE INDEX medical_histories_patient ON medical_histories (patient_id, visit_date, created_at, id)
            WHERE deleted_at IS NULL
            """,
            """
            CREATE INDEX medical_histories_author ON medical_histories (doctor_id, patient_id)
            WHERE deleted_at IS NULL AND NOT is_exceptional
            """,
            "CREATE INDEX medical_histories_appointment ON medical_histories (appointment_id)",
        ]
    }

    /// What an entry said before it was changed: one sealed snapshot, bound to the row.
    private static func versions(_ d: Dialect) -> [SQL] {
        [
            Migration.createAllocator("medical_history_version_ids", dialect: d),
            """
            CREATE TABLE medical_history_versions (
                id \(d.integer) PRIMARY KEY,
                history_id \(d.integer) NOT NULL REFERENCES medical_histories,
                patient_id \(d.integer) NOT NULL REFERENCES patients,
                version \(d.integer) NOT NULL,
                content \(d.bytes) NOT NULL,
                written_as \(d.text) NOT NULL,
                changed_at \(d.instant) NOT NULL,
                CONSTRAINT medical_history_versions_once UNIQUE (history_id, version)
            )\(d.strict)
            """,
            "CREATE INDEX medical_history_versions_patient ON medical_history_versions (patient_id, id)",
        ]
    }

    private static func amendments(_ d: Dialect) -> [SQL] {
        [
            Migration.createAllocator("medical_history_amendment_ids", dialect: d),
            """
            CREATE TABLE medical_history_amendments (
                id \(d.integer) PRIMARY KEY,
                history_id \(d.integer) NOT NULL REFERENCES medical_histories,
                patient_id \(d.integer) NOT NULL REFERENCES patients,
                doctor_id \(d.integer) NOT NULL REFERENCES doctors,
                text \(d.bytes) NOT NULL,
                written_as \(d.text) NOT NULL,
                created_at \(d.instant) NOT NULL
            )\(d.strict)
            """,
            """
            CREATE INDEX medical_history_amendments_history
            ON medical_history_amendments (history_id, created_at, id)
            """,
            "CREATE INDEX medical_history_amendments_patient ON medical_history_amendments (patient_id, id)",
            "CREATE INDEX medical_history_amendments_doctor ON medical_history_amendments (doctor_id)",
        ]
    }
}

extension CareTie {
    /// Who has written an entry about a patient treats that patient, unless the glass was broken for it.
    package static let authoredHistories = CareTie(
        "medical_histories", doctor: "t.doctor_id", patient: "t.patient_id", moment: "t.created_at",
        where: "t.deleted_at IS NULL AND NOT t.is_exceptional")
}
