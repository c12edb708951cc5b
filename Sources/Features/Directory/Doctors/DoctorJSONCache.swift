import CareSyncCore
import Persistence
import Synchronization
import WebAPI

/// A doctor in a list, and how often what is shown of the doctor has changed.
struct DoctorRevision: RowDecodable, Hashable {
    let id: DoctorID
    let revision: Int64

    init(row: Row) throws {
        id = try row.value("id")
        revision = try row.value("revision")
    }
}

/// The JSON of doctors as lists show them, kept for as long as their revision lasts.
///
/// A list asks the database each time which doctors it has and at which revision, so it is never older than the database;
/// the cache only saves reading and encoding twenty columns of a row.
final class DoctorJSONCache: Sendable {
    /// About a kilobyte each. Beyond that, doctors are rebuilt gradually.
    private static let limit = 8_192

    private let encoded = Mutex<[DoctorRevision: EncodedJSON<DoctorResponse>]>([:])

    /// What is known, in the order asked for.
    func known(_ doctors: [DoctorRevision]) -> [EncodedJSON<DoctorResponse>?] {
        encoded.withLock { encoded in doctors.map { encoded[$0] } }
    }

    func keep(_ prepared: [DoctorRevision: EncodedJSON<DoctorResponse>]) {
        encoded.withLock { encoded in
            if encoded.count + prepared.count > Self.limit { encoded.removeAll() }
            encoded.merge(prepared) { _, new in new }
        }
    }
}
