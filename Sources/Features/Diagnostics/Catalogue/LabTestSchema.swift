import Persistence

enum LabTestSchema {
    /// The key is folded by ``TextKey`` and compared by code points on both databases.
    static let migration = Migration("diagnostics/lab-tests") { d in
        let key: SQL = d == .postgres ? "text COLLATE \"C\"" : "TEXT"
        return [
            """
            CREATE TABLE lab_tests (
                id \(d.identity),
                name \(d.text) NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
                name_key \(key) NOT NULL UNIQUE,
                price \(d.integer) NOT NULL CHECK (price BETWEEN 1 AND 9999999999),
                description \(d.text) CHECK (length(description) <= 500),
                is_active \(d.boolean) NOT NULL DEFAULT TRUE,
                version \(d.integer) NOT NULL DEFAULT 1,
                created_at \(d.instant) NOT NULL,
                updated_at \(d.instant)
            )\(d.strict)
            """
        ]
    }
}
