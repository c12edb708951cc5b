import AuditTrail
import Outbox
package import Persistence

/// Tables that the tests of the platform use.
package enum TestSchema {
    package static let platform =
        PlatformSchema.migrations + OutboxSchema.migrations + AuditSchema.migrations
    package static let all = platform + [Migration("tests/driver-tables") { tables($0) }]
    package static let allocator = IDAllocator("test_ids")

    private static func tables(_ d: Dialect) -> [SQL] {
        let no: SQL = d == .postgres ? "false" : "0"
        return [
            """
            CREATE TABLE samples (
                id \(d.identity),
                number \(d.integer),
                ratio \(d.double),
                flag \(d.boolean),
                words \(d.text),
                content \(d.bytes),
                moment \(d.instant),
                day \(d.date)
            )\(d.strict)
            """,
            "CREATE TABLE teams (id \(d.integer) PRIMARY KEY, name \(d.text) NOT NULL)\(d.strict)",
            """
            CREATE TABLE people (
                id \(d.integer) PRIMARY KEY,
                email \(d.text) NOT NULL,
                nick \(d.text) CONSTRAINT people_nick_once UNIQUE,
                badge \(d.text),
                age \(d.integer),
                team \(d.integer) CONSTRAINT people_team_known REFERENCES teams (id),
                frozen \(d.boolean) NOT NULL DEFAULT \(no),
                UNIQUE (email, team),
                CONSTRAINT people_age_positive CHECK (age > 0)
            )\(d.strict)
            """,
            "CREATE UNIQUE INDEX people_badge_index ON people (badge, age)",
            "CREATE INDEX people_team ON people (team)",
            Migration.createAllocator("test_ids", start: "100", dialect: d),
        ] + frozen(d)
    }

    private static func frozen(_ d: Dialect) -> [SQL] {
        guard d == .postgres else {
            return [
                """
                CREATE TRIGGER people_frozen BEFORE UPDATE ON people WHEN OLD.frozen = 1
                BEGIN SELECT RAISE(ABORT, 'people_are_frozen'); END
                """
            ]
        }
        return [
            """
            CREATE FUNCTION people_frozen() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'people_are_frozen'; END $$
            """,
            """
            CREATE TRIGGER people_frozen BEFORE UPDATE ON people FOR EACH ROW WHEN (OLD.frozen)
            EXECUTE FUNCTION people_frozen()
            """,
        ]
    }
}

extension Connection {
    package func insertSample(_ number: Int64) throws {
        try run("INSERT INTO samples (number) VALUES (\(number))")
    }

    package func sampleNumbers() throws -> [Int64] {
        try values("SELECT number FROM samples ORDER BY number")
    }
}

/// What a test throws to undo something.
package struct Undo: Error, Equatable {
    package init() {}
}
