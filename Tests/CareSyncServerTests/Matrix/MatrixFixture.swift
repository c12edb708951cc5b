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

    /// New records of the cast's; those from before are gone.
    static func plant(for cast: MatrixCast, in app: TestApp) async throws -> PlantedRecords
}

extension MatrixFixture {
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
    /// Which `{id}` a path means, by its beginning.
    var ids: [(prefix: String, id: String)] = []
    /// A number for each record, which a refused caller must not have changed.
    var state: [SQL] = []
}
