import CareSyncCore
import CareSyncTesting
import Persistence
import PersistencePostgres
import Testing

@Suite("PostgreSQL values", .enabled(if: hasPostgres))
struct ValueTests {
    private func value<Value: ColumnValue & Sendable>(_ sql: SQL, as type: Value.Type = Value.self) async throws
        -> Value?
    {
        try await withPostgres { database in try await database.read { db in try db.value(sql) } }
    }

    @Test(
        "numeric sums are read exactly",
        arguments: [
            0, 1, -1, 9_999, 10_000, -10_000, 100_000_000, 123_456_789_012, .max, .min + 1,
        ] as [Int64])
    func sums(_ number: Int64) async throws {
        let sum: Int64? = try await value("SELECT sum(n) FROM (VALUES (\(number)::bigint), (0)) AS v(n)")
        #expect(sum == number)
    }

    @Test("a numeric with a fraction, or too large, is no whole number")
    func refusedNumeric() async throws {
        for text in ["1.5", "0.0001", "9223372036854775808", "1e30"] {
            await #expect(throws: DatabaseFailure.unexpectedValue(column: 0, type: "integer")) {
                let _: Int64? = try await value("SELECT \(text)::numeric")
            }
        }
    }

    @Test("an average is the nearest double")
    func averages() async throws {
        #expect(try await value("SELECT avg(n) FROM (VALUES (1::bigint), (2), (2)) AS v(n)") == 1.6666666666666667)
        #expect(try await value("SELECT \("-12345.678")::numeric") == -12345.678)
        #expect(try await value("SELECT \("0.00000012")::numeric") == 0.00000012)
        #expect(try await value("SELECT \("50000")::numeric") == 50000.0)
    }

    @Test("instants and dates before 2000 and at the ends of the range")
    func times() async throws {
        for text in ["1850-02-28", "1970-01-01", "1999-12-31", "2000-02-29", "9999-12-31", "0001-01-01"] {
            let date = try #require(LocalDate(text))
            #expect(try await value("SELECT \(date)") == date)
            #expect(try await value("SELECT \(text)::date") == date)
        }
        for microseconds: Int64 in [0, -1, 946_684_800_000_000, 253_402_300_799_999_999, -62_135_596_800_000_000] {
            let instant = Instant(microseconds: microseconds)
            #expect(try await value("SELECT \(instant)") == instant)
        }
        #expect(
            try await value("SELECT timestamp '2026-03-10 04:00:00'", as: Instant.self)
                == Instant(seconds: 1_773_115_200))
    }

    @Test("infinite times are refused")
    func infinite() async throws {
        for text in ["infinity", "-infinity"] {
            await #expect(throws: DatabaseFailure.unexpectedValue(column: 0, type: "instant")) {
                let _: Instant? = try await value("SELECT \(text)::timestamptz")
            }
            await #expect(throws: DatabaseFailure.unexpectedValue(column: 0, type: "date")) {
                let _: LocalDate? = try await value("SELECT \(text)::date")
            }
        }
    }

    @Test("types without a Swift value are refused")
    func unknownTypes() async throws {
        for sql: SQL in ["SELECT '{}'::jsonb", "SELECT gen_random_uuid()", "SELECT 1"] {
            await #expect(throws: DatabaseFailure.unexpectedValue(column: 0, type: "text")) {
                let _: String? = try await value(sql)
            }
        }
    }

    @Test("list parameters keep every character")
    func lists() async throws {
        let texts = ["", "a", "NULL", "{x,y}", #"q"uote"#, #"back\slash"#, "comma, space ", "हिन्दी", "line\nbreak"]
        for text in texts {
            #expect(try await value("SELECT \(text)::text IN \(in: texts)") == true)
            #expect(try await value("SELECT \(text)::text IN \(in: texts.filter { $0 != text })") == false)
        }
        #expect(try await value("SELECT 1::bigint IN \(in: [] as [Int64])") == false)
        #expect(try await value("SELECT 7 IN \(in: [.min, 7, .max] as [Int64])") == true)
    }

    @Test("an optional parameter may be null first and set later")
    func optionalParameters() async throws {
        try await withPostgres { database in
            for note in [nil, [1, 2], nil, [], [3]] as [[UInt8]?] {
                let stored: [UInt8]? = try await database.write { db in
                    try db.run("UPDATE accounts SET note = \(note) WHERE id = 1")
                    var stored: [UInt8]?
                    try db.query("SELECT note FROM accounts WHERE id = 1") { stored = try $0.value("note") }
                    return stored
                }
                #expect(stored == note)
            }
            for instant in [nil, Instant(seconds: 1), nil] as [Instant?] {
                let later = try await database.read { db in
                    try db.value("SELECT COALESCE(\(instant), now()) > '1970-01-02'::timestamptz") as Bool?
                }
                #expect(later == (instant == nil))
            }
        }
    }

    @Test("a fraction beside a whole number stays one")
    func doubles() async throws {
        #expect(try await value("SELECT balance * \(1.5) FROM accounts WHERE id = 1") == 150.0)
        for number in [0.1, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude] {
            #expect(try await value("SELECT \(number)") == number)
        }
    }
}
