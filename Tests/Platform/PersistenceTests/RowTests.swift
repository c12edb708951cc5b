import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@Suite("Rows and lists")
struct RowTests {
    @Test("an unknown column throws and names it", arguments: DatabaseKind.available)
    func unknownColumn(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            await #expect(throws: DatabaseFailure.noSuchColumn("missing")) {
                try await database.write { db in
                    try db.insertSample(1)
                    try db.query("SELECT number FROM samples") { let _: Int64 = try $0.value("missing") }
                }
            }
        }
    }

    @Test("null in a column that must have a value throws", arguments: DatabaseKind.available)
    func unexpectedNull(_ kind: DatabaseKind) async throws {
        let reads: [@Sendable (Row) throws -> Void] = [
            { let _: Int64 = try $0.value(at: 1) }, { let _: Double = try $0.value(at: 2) },
            { let _: Bool = try $0.value(at: 3) }, { let _: String = try $0.value(at: 4) },
            { let _: [UInt8] = try $0.value(at: 5) }, { let _: Instant = try $0.value(at: 6) },
            { let _: LocalDate = try $0.value(at: 7) },
        ]
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let id = try await database.write { db in try Sample().insert(db) }
            for (index, read) in reads.enumerated() {
                let error = await #expect(throws: DatabaseFailure.self) {
                    try await database.read { db in
                        try db.query("SELECT id, \(Sample.columns) FROM samples WHERE id = \(id)", read)
                    }
                }
                guard case .unexpectedValue(column: index + 1, _) = error else {
                    Issue.record("column \(index + 1): \(String(describing: error))")
                    continue
                }
            }
        }
    }

    @Test("a text that is no case of an enumeration throws", arguments: DatabaseKind.available)
    func unknownCase(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            await #expect(throws: DatabaseFailure.unexpectedValue(column: 0, type: "Role")) {
                try await database.write { db in
                    try db.run("INSERT INTO samples (words) VALUES (\("GARDENER"))")
                    let _: Role? = try db.value("SELECT words FROM samples")
                }
            }
        }
    }

    @Test("columns are found by name in any order", arguments: DatabaseKind.available)
    func columnOrder(_ kind: DatabaseKind) async throws {
        var sample = Sample()
        sample.number = 5
        sample.words = "five"
        sample.flag = true
        let stored = sample
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let found: [Sample] = try await database.write { db in
                _ = try stored.insert(db)
                _ = try stored.insert(db)
                return try db.all("SELECT words, day, flag, id, number, moment, content, ratio FROM samples")
            }
            #expect(found == [stored, stored])
        }
    }

    @Test("a query may run inside another one, with the same text too", arguments: DatabaseKind.available)
    func nested(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let pairs = try await database.write { db in
                for number in 1...3 { try db.insertSample(Int64(number)) }
                var pairs: [Int64] = []
                try db.query("SELECT number FROM samples ORDER BY number") { outer in
                    let left: Int64 = try outer.value("number")
                    try db.query("SELECT number FROM samples ORDER BY number") { inner in
                        pairs.append(left * 10 + (try inner.value("number")))
                    }
                }
                return pairs
            }
            #expect(pairs == [11, 12, 13, 21, 22, 23, 31, 32, 33])
        }
    }

    @Test("a list may be empty, hold extremes, or ten thousand ids", arguments: DatabaseKind.available)
    func integerLists(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                for number in [Int64.min, -1, 0, 7, 9_999, .max] { try db.insertSample(number) }
            }
            let lists: [([Int64], [Int64])] = [
                ([], []), ([.min, .max], [.min, .max]), ([7, 7, 8], [7]), (Array(0..<10_000), [0, 7, 9_999]),
            ]
            for (list, expected) in lists {
                let found: [Int64] = try await database.read { db in
                    try db.values("SELECT number FROM samples WHERE number IN \(in: list) ORDER BY number")
                }
                #expect(found == expected)
            }
        }
    }

    @Test("a list of texts keeps quotes, controls and any script apart", arguments: DatabaseKind.available)
    func textLists(_ kind: DatabaseKind) async throws {
        let words = ["", "a\"b", "back\\slash", "tab\tline\n\u{1F}\u{7F}", "नमस्ते", "👩🏽‍⚕️", "{a,b}", "NULL", "[1,\"2\"]"]
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                for word in words + ["other"] { try db.run("INSERT INTO samples (words) VALUES (\(word))") }
            }
            let found: [String] = try await database.read { db in
                try db.values("SELECT words FROM samples WHERE words IN \(in: words) ORDER BY id")
            }
            #expect(found == words)
            let none: [String] = try await database.read { db in
                try db.values("SELECT words FROM samples WHERE words IN \(in: [String]())")
            }
            #expect(none.isEmpty)
        }
    }

    @Test("a body that stops reading half-way leaves the connection usable", arguments: DatabaseKind.available)
    func stopsHalfway(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            try await database.write { db in
                for number in 1...50 { try db.insertSample(Int64(number)) }
            }
            for _ in 0..<5 {
                await #expect(throws: Undo()) {
                    try await database.read { db in try db.query("SELECT number FROM samples") { _ in throw Undo() } }
                }
            }
            let count: Int? = try await database.read { db in try db.value("SELECT count(*) FROM samples") }
            #expect(count == 50)
        }
    }
}
