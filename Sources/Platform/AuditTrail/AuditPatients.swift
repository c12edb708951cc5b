import Persistence

/// Where the audit log's rows about each patient are: the table `audit_patients`, written with the rows.
struct AuditPatients {
    let db: any Connection
    private static let columns: SQL = "patient_id, at, shard, sequence"

    /// Lists a row under each of its patients.
    func add(_ content: AuditContent, shard: Int, sequence: Int64) throws {
        if let patient = content.patientID {
            try db.append(
                AppendedRows(
                    into: "audit_patients", Self.columns,
                    values: "\(patient), \(content.at), \(shard), \(sequence)"))
        } else if !content.patientIDs.isEmpty {
            try db.append(
                AppendedRows(
                    into: "audit_patients", Self.columns,
                    query: """
                        SELECT listed.*, CAST(\(content.at) AS \(db.dialect.instant)), CAST(\(shard) AS bigint),
                               CAST(\(sequence) AS bigint)
                        FROM \(in: content.patientIDs) AS listed
                        """))
        }
    }

    /// The first row of a part of a chain that is not listed under one of its patients. The rows are whole: their lists
    /// are what the program wrote.
    func firstUnlisted(in shard: Int, after start: Int64, through end: Int64) throws -> Int64? {
        let several: SQL =
            db.dialect == .postgres
            ? "(SELECT CAST(value AS bigint) AS id FROM jsonb_array_elements_text(CAST(a.patients AS jsonb)))"
            : "(SELECT value AS id FROM json_each(a.patients))"
        return try db.value(
            """
            SELECT a.sequence FROM audit_log a
            WHERE a.shard = \(shard) AND a.sequence > \(start) AND a.sequence <= \(end)
              AND (a.patient_id IS NOT NULL AND \(Self.isMissing("a.patient_id"))
                   OR a.patients IS NOT NULL AND EXISTS (SELECT 1 FROM \(several) l WHERE \(Self.isMissing("l.id"))))
            ORDER BY a.sequence LIMIT 1
            """)
    }

    private static func isMissing(_ patient: SQL) -> SQL {
        """
        NOT EXISTS (SELECT 1 FROM audit_patients p WHERE p.patient_id = \(patient) AND p.at = a.at
                    AND p.shard = a.shard AND p.sequence = a.sequence)
        """
    }
}
