import Persistence

enum ReferenceDataSchema {
    static let migration = Migration("directory/reference-data") { d in masterValues(d) + MasterSeed.statements }

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
