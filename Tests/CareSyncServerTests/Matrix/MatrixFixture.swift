import CareSyncTesting
import Persistence

/// What one feature gives the matrix: records that exist, and the requests that name them.
///
/// A route whose path has a parameter is asked about them. A feature that adds a kind of record plants one, and gives a
/// route that needs more than its path a line in ``requests``.
protocol MatrixFixture: Sendable {
    /// What a request needs beyond its path to be right: a query that begins with `?`, or a body.
    static var requests: [String: String] { get }
    /// The forms of routes that take a file.
    static var forms: [String: MatrixForm] { get }

    /// Removes what refers to records of features below; called from the highest feature down.
    static func clear(_ cast: MatrixCast, _ db: any Connection) throws

    /// New records of the cast's; those from before are gone.
    static func plant(for cast: MatrixCast, in app: TestApp) async throws -> PlantedRecords
}

extension MatrixFixture {
    static func clear(_ cast: MatrixCast, _ db: any Connection) throws {}
    static var forms: [String: MatrixForm] { [:] }
}

/// A file with its fields, whose values may name records as paths do.
struct MatrixForm {
    let file: [UInt8]
    let name: String
    let fields: [String: String]
}

struct PlantedRecords {
    /// What stands for `{name}`.
    var values: [String: String] = [:]
    /// Whose `{username}` a path means, by its beginning; elsewhere the one of the values.
    var usernames: [(prefix: String, username: String)] = []
    /// Which `{id}` a path means, by its beginning.
    var ids: [(prefix: String, id: String)] = []
    /// A number for each record, which a refused caller must not have changed.
    var state: [SQL] = []
}
