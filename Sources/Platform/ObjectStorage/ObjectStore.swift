package import CareSyncCore

/// Where sealed documents lie. Names are random; the store knows nothing about their content.
///
/// Everything throws ``StorageError``, or `CancellationError` when the caller was cancelled.
package protocol ObjectStore: Sendable {
    /// Stores the whole of `content`, or nothing: it is durable when this returns. Names are never used twice.
    func put(_ name: ObjectName, _ content: SpooledFile) async throws
    /// The bytes `range` of an object, all of them when it is nil. Throws ``StorageError/notFound``.
    func get(_ name: ObjectName, range: Range<Int64>?) async throws -> ObjectContent
    /// Removing what is not there is no error.
    func delete(_ name: ObjectName) async throws
    /// Objects in the order of their names, after `after`; at most `limit`, and fewer only at the end. What is not named
    /// as ours is left out. For the sweep of orphans.
    func list(after: ObjectName?, limit: Int) async throws -> [StoredObject]
    /// Removes what puts that ended with their process before an instant have left behind.
    func removeDrafts(before instant: Instant) async throws
    /// Whether the store answers, for `check` and start-up. Writes nothing.
    func probe() async throws
    /// The text by which the store says whose it is; `nil` when it says nothing, or is not there yet.
    func mark() async throws -> String?
    /// Makes the store where it is missing, and writes its mark.
    func setMark(_ text: String) async throws
}

extension ObjectStore {
    /// For stores that take an object in one step and are left with nothing when it fails.
    package func removeDrafts(before instant: Instant) async throws {}
}

/// The object that holds a store's mark. It is in no list, for it is not named as an object.
enum StoreMark {
    static let name = "installation"
    static let longest = 200

    /// What was written, perhaps by hand.
    static func text(_ bytes: some Collection<UInt8>) -> String? {
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        return text.isEmpty ? nil : text
    }
}

/// Why a store did not do what it was asked. The texts hold no secrets and nothing about content.
package enum StorageError: LoggableError, Equatable, CustomStringConvertible {
    /// It does not answer, or refuses. The text is a whole sentence for those who run the server.
    case unavailable(String)
    case notFound
    /// There is an object of this name, and it is not what was stored.
    case damaged(String)

    package var description: String {
        switch self {
        case .unavailable(let text), .damaged(let text): text
        case .notFound: "There is no such object."
        }
    }
}
