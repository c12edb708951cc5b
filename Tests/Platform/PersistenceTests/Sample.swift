import CareSyncCore
import Persistence

/// A row of `samples`.
struct Sample: RowDecodable, Equatable {
    var number: Int64?
    var ratio: Double?
    var flag: Bool?
    var words: String?
    var content: [UInt8]?
    var moment: Instant?
    var day: LocalDate?

    static let columns: SQL = "number, ratio, flag, words, content, moment, day"

    init() {}

    init(row: Row) throws {
        number = try row.value("number")
        ratio = try row.value("ratio")
        flag = try row.value("flag")
        words = try row.value("words")
        content = try row.value("content")
        moment = try row.value("moment")
        day = try row.value("day")
    }

    func insert(_ db: any Connection) throws -> Int64 {
        let id: Int64? = try db.value(
            """
            INSERT INTO samples (\(Self.columns))
            VALUES (\(number), \(ratio), \(flag), \(words), \(content), \(moment), \(day)) RETURNING id
            """)
        guard let id else { throw DatabaseFailure.other(code: "no id") }
        return id
    }

    static func find(_ id: Int64, _ db: any Connection) throws -> Sample? {
        try db.first("SELECT \(columns) FROM samples WHERE id = \(id)")
    }
}
