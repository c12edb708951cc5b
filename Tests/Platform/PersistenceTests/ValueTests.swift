import CareSyncCore
import CareSyncTesting
import Persistence
import Testing

@Suite("Values")
struct ValueTests {
    private static func sample(_ change: (inout Sample) -> Void) -> Sample {
        var sample = Sample()
        change(&sample)
        return sample
    }

    private static let extremes: [Sample] = [
        Sample(),
        sample { $0.number = .min },
        sample { $0.number = .max },
        sample { $0.number = 0 },
        sample { $0.ratio = 0 },
        sample { $0.ratio = .greatestFiniteMagnitude },
        sample { $0.ratio = -.leastNonzeroMagnitude },
        sample { $0.ratio = 0.1 + 0.2 },
        sample { $0.ratio = .infinity },
        sample { $0.flag = true },
        sample { $0.flag = false },
        sample { $0.words = "" },
        sample { $0.words = "O'Neill; DROP TABLE samples; -- \"?1 $1 \\ \u{01}\u{02}\n" },
        sample { $0.words = "नमस्ते 👩🏽‍⚕️ Zoë e\u{0301} \u{202E}" },
        sample { $0.words = String(repeating: "ä", count: 500_000) },
        sample { $0.content = [] },
        sample { $0.content = Array(0...255) },
        sample { $0.content = [UInt8](repeating: 0, count: 1_048_576) },
        sample { $0.moment = Instant(microseconds: 0) },
        sample { $0.moment = Instant(microseconds: -1) },
        sample { $0.moment = Instant(microseconds: 1_773_115_200_123_456) },
        sample { $0.moment = Instant(seconds: -62_135_596_800) },
        sample { $0.moment = Instant(microseconds: 253_402_300_799_999_999) },
        sample { $0.day = .earliest },
        sample { $0.day = .latest },
        sample { $0.day = LocalDate(year: 2028, month: 2, day: 29) },
        sample { $0.day = LocalDate(year: 1582, month: 10, day: 10) },
    ]

    @Test("every value comes back as it was stored", arguments: DatabaseKind.available)
    func roundTrip(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            for sample in Self.extremes {
                let id = try await database.write { db in try sample.insert(db) }
                let found = try await database.read { db in try Sample.find(id, db) }
                #expect(found == sample)
                #expect(
                    found?.words?.unicodeScalars.elementsEqual(sample.words?.unicodeScalars ?? "".unicodeScalars)
                        ?? true)
            }
        }
    }

    @Test("random values come back as they were stored", arguments: DatabaseKind.available)
    func randomRoundTrip(_ kind: DatabaseKind) async throws {
        let random = SeededRandom(seed: 20_260_310)
        let samples = (0..<200).map { _ in Self.random(random) }
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            let found = try await database.write { db in
                try samples.map { try $0.insert(db) }.map { try Sample.find($0, db) }
            }
            #expect(found == samples, "seed \(random.seed)")
        }
    }

    private static func random(_ random: SeededRandom) -> Sample {
        sample {
            $0.number = Int64(bitPattern: random.next())
            let ratio = Double(bitPattern: random.next())
            $0.ratio = ratio.isNaN ? nil : ratio
            $0.flag = random.below(2) == 1
            $0.words = String(
                String.UnicodeScalarView(
                    (0..<random.below(40)).compactMap { _ in
                        Unicode.Scalar(UInt32(1 + random.below(0x2FFFF)))
                    }))
            $0.content = random.source.bytes(random.below(300))
            $0.moment = Instant(
                microseconds: Int64(random.below(253_402_300_800)) * 1_000_000 + Int64(random.below(1_000_000)))
            $0.day = LocalDate(daysSinceEpoch: random.below(3_652_059) - 719_162)
        }
    }

    @Test("a NUL inside a text is refused, because PostgreSQL cannot store it", arguments: DatabaseKind.available)
    func nul(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            for words in ["\0", "a\0", "a\0b"] {
                await #expect(throws: DatabaseFailure.other(code: "nul in text")) {
                    try await database.write { db in try db.run("INSERT INTO samples (words) VALUES (\(words))") }
                }
                await #expect(throws: DatabaseFailure.other(code: "nul in text")) {
                    try await database.read { db in
                        try db.exists("SELECT 1 FROM samples WHERE words IN \(in: ["x", words])")
                    }
                }
            }
        }
    }

    @Test("what is not a number is refused, because SQLite would store null", arguments: DatabaseKind.available)
    func notANumber(_ kind: DatabaseKind) async throws {
        try await withDatabase(kind, migrations: TestSchema.all) { database in
            await #expect(throws: DatabaseFailure.other(code: "not a number")) {
                try await database.write { db in try db.run("INSERT INTO samples (ratio) VALUES (\(Double.nan))") }
            }
        }
    }
}
