import CareSyncTesting
import Persistence
import Testing

@Suite("Query plans")
struct QueryPlanTests {
    @Test("a look-up by an index is told from a look at the whole table", arguments: DatabaseKind.available)
    func plans(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let byIndex = try await QueryPlan.of("SELECT id FROM people WHERE team = \(3)", in: database)
            #expect(byIndex.uses("people_team"))
            #expect(byIndex.fullScans.isEmpty, "\(byIndex)")
            let whole = try await QueryPlan.of("SELECT id FROM people WHERE nick || '' = \("a")", in: database)
            #expect(whole.fullScans.count == 1, "\(whole)")
            let change = try await QueryPlan.of("UPDATE people SET age = 2 WHERE email = \("a")", in: database)
            #expect(change.uses("people_email_team_key") || kind == .sqlite, "\(change)")
            let many = try await QueryPlan.of(
                "SELECT id FROM people WHERE id IN \(in: [1, 2] as [Int64])", in: database)
            #expect(many.fullScans.isEmpty, "\(many)")
        }
    }
}
