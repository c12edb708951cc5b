package import CareSyncCore
package import NIOCore

/// What a store lists.
package struct StoredObject: Sendable, Equatable {
    package let name: ObjectName
    package let size: Int64
    package let modified: Instant
}

/// `length` bytes and their stream, which is read once. Chunks have at most 64 KiB and come as they are asked for; a
/// stream that ends has given all of them.
package struct ObjectContent: Sendable {
    package let length: Int64
    package let bytes: any AsyncSequence<ByteBuffer, any Error> & Sendable

    static let chunk = 65_536
}

/// A range of an object whose size is known.
struct ObjectRange {
    let bounds: Range<Int64>

    /// Throws ``StorageError/damaged(_:)`` when the object does not reach so far: it was longer when it was stored.
    init(_ range: Range<Int64>?, of size: Int64) throws {
        bounds = range ?? 0..<size
        guard bounds.lowerBound >= 0, bounds.upperBound <= size else { throw Self.tooShort }
    }

    static let tooShort = StorageError.damaged("A stored object is shorter than it was.")
}
