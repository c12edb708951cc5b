import CareSyncCore
import CareSyncTesting
import Outbox
import Persistence
import Testing

@Suite("Constraints")
struct ConstraintTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let rule: String
        let sql: SQL
        let failure: DatabaseFailure

        var testDescription: String { rule }
    }

    static let cases: [Case] = [
        Case(
            rule: "a nameless primary key", sql: "INSERT INTO people (id, email) VALUES (1, 'b')",
            failure: .constraint(.unique, name: "people_pkey")),
        Case(
            rule: "a nameless unique constraint", sql: "INSERT INTO people (id, email, team) VALUES (2, 'a', 1)",
            failure: .constraint(.unique, name: "people_email_team_key")),
        Case(
            rule: "a named unique column", sql: "INSERT INTO people (id, email, nick) VALUES (2, 'b', 'nick')",
            failure: .constraint(.unique, name: "people_nick_once")),
        Case(
            rule: "a unique index", sql: "INSERT INTO people (id, email, badge, age) VALUES (2, 'b', 'badge', 30)",
            failure: .constraint(.unique, name: "people_badge_index")),
        Case(
            rule: "a named unique constraint",
            sql: """
                INSERT INTO outbox (kind, key, payload, created_at, due_at)
                SELECT kind, key, payload, created_at, due_at FROM outbox
                """,
            failure: .constraint(.unique, name: "outbox_once")),
        Case(
            rule: "a named check", sql: "INSERT INTO people (id, email, age) VALUES (2, 'b', -1)",
            failure: .constraint(.check, name: "people_age_positive")),
        Case(
            rule: "a column that needs a value", sql: "INSERT INTO people (id) VALUES (2)",
            failure: .constraint(.notNull, name: "people_email_not_null")),
        Case(
            rule: "a trigger", sql: "UPDATE people SET age = 31 WHERE id = 1",
            failure: .constraint(.trigger, name: "people_are_frozen")),
    ]

    @Test("a violated rule is reported by the same name on both databases", arguments: DatabaseKind.available, cases)
    func names(_ kind: DatabaseKind, _ example: Case) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                try db.run("INSERT INTO teams (id, name) VALUES (1, 'one')")
                try db.run(
                    """
                    INSERT INTO people (id, email, nick, badge, age, team, frozen)
                    VALUES (1, 'a', 'nick', 'badge', 30, 1, \(true))
                    """)
                try db.enqueue(TestJob())
            }
            await #expect(throws: example.failure) {
                try await database.write { db in try db.run(example.sql) }
            }
        }
    }

    @Test("a foreign key is reported as one, by whichever end breaks it", arguments: DatabaseKind.available)
    func foreignKey(_ kind: DatabaseKind) async throws {
        let statements: [SQL] = ["INSERT INTO people (id, email, team) VALUES (2, 'b', 9)", "DELETE FROM teams"]
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                try db.run("INSERT INTO teams (id, name) VALUES (1, 'one')")
                try db.run("INSERT INTO people (id, email, team) VALUES (1, 'a', 1)")
            }
            for sql in statements {
                let error = await #expect(throws: DatabaseFailure.self) {
                    try await database.write { db in try db.run(sql) }
                }
                guard case .constraint(.foreignKey, _) = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
        }
    }

    @Test("a failure says nothing of values or SQL", arguments: DatabaseKind.available)
    func silent(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let statements: [SQL] = [
                "INSERT INTO people (id, email) VALUES (1, \("secret"))",
                "INSERT INTO people (id, email, nope) VALUES (2, \("secret"), 'secret')", "SELEKT 'secret'",
            ]
            for sql in [statements[0]] + statements {
                do {
                    try await database.write { db in _ = try db.run(sql) }
                } catch {
                    #expect(error is DatabaseFailure)
                    #expect(!"\(error)".contains("secret") && !"\(error)".contains("INSERT"))
                }
            }
        }
    }
}
