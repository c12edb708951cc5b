import CareSyncCore
import Persistence

struct LabTestRepository {
    let db: any Connection

    /// The constraint that two tests of one name break.
    static let uniqueName = "lab_tests_name_key_key"

    func find(_ id: LabTestID) throws -> LabTest? {
        try db.first("SELECT \(LabTest.columns) FROM lab_tests WHERE id = \(id)")
    }

    /// Locked until the end of the transaction.
    func lock(_ id: LabTestID) throws -> LabTest? {
        try db.first(
            "SELECT \(LabTest.columns) FROM lab_tests t WHERE id = \(id)\(db.dialect.forUpdate(of: "t"))")
    }

    /// By name; `part` is folded, and stands for itself.
    func list(onlyActive: Bool, containing part: String, _ page: PageRequest) throws -> Page<LabTest> {
        var conditions: [SQL] = onlyActive ? ["is_active"] : ["TRUE"]
        if !part.isEmpty { conditions.append("name_key LIKE '%' || \(TextKey.likeLiteral(part)) || '%' ESCAPE '!'") }
        let condition = SQL.joined(conditions, separator: " AND ")
        let batch = Batch()
        let tests = batch.all(
            LabTest.self,
            """
            SELECT \(LabTest.columns) FROM lab_tests WHERE \(condition)
            ORDER BY name_key, id LIMIT \(page.limit) OFFSET \(page.offset)
            """)
        let total = page.isPaged ? batch.value(Int.self, "SELECT count(*) FROM lab_tests WHERE \(condition)") : nil
        try batch.run(db)
        return Page(fetched: try tests.value, request: page, total: try total?.value ?? nil)
    }

    func listActive(_ ids: [LabTestID]) throws -> [LabTest] {
        try db.all("SELECT \(LabTest.columns) FROM lab_tests WHERE id IN \(in: ids) AND is_active")
    }

    /// `nil` when there is a test of this name.
    func insert(_ test: LabTestDraft, at now: Instant) throws -> LabTest? {
        try db.first(
            """
            INSERT INTO lab_tests (name, name_key, price, description, is_active, created_at)
            VALUES (\(test.name), \(TextKey.folded(test.name)), \(test.price), \(test.description), \(test.isActive),
                    \(now))
            ON CONFLICT (name_key) DO NOTHING
            RETURNING \(LabTest.columns)
            """)
    }

    /// Throws ``LabTestError/exists`` when another test has the name.
    func update(_ id: LabTestID, to test: LabTestDraft, at now: Instant) throws -> LabTest? {
        do {
            return try db.first(
                """
                UPDATE lab_tests
                SET name = \(test.name), name_key = \(TextKey.folded(test.name)), price = \(test.price),
                    description = \(test.description), is_active = \(test.isActive), version = version + 1,
                    updated_at = \(now)
                WHERE id = \(id)
                RETURNING \(LabTest.columns)
                """)
        } catch DatabaseFailure.constraint(.unique, name: Self.uniqueName) {
            throw LabTestError.exists
        }
    }
}
