import Cryptography
package import NIOCore
package import ObjectStorage

/// Reads stored files.
package struct SealedFileReader: Sendable {
    private let store: any ObjectStore

    package init(store: any ObjectStore) {
        self.store = store
    }

    /// Opens a file, or a part of it. The first chunk is proven when this returns, and a file of one chunk wholly, its
    /// SHA-256 included.
    ///
    /// Throws ``DamagedFile``, or what the store throws when it does not answer.
    package func open(_ place: SealedPlace, range: Range<Int64>? = nil) async throws -> SealedContent {
        let range = range ?? 0..<place.length
        let chunks = place.chunks(of: range)
        guard let first = chunks.first, let last = chunks.last else { throw DamagedFile(name: place.name) }
        let low = place.sealedStart(of: first)
        let high = place.sealedStart(of: last) + Int64(place.sealedLength(of: last))
        let isWhole = range.lowerBound == 0 && range.upperBound == place.length
        do {
            // Of a whole file everything is asked for, so that an object which has grown is noticed.
            let object = try await store.get(place.name, range: isWhole ? nil : low..<high)
            guard object.length == high - low else { throw DamagedFile(name: place.name) }
            var content = SealedContent(place, range, chunks, isWhole: isWhole, Self.iterator(object.bytes))
            try await content.proveFirst()
            return content
        } catch StorageError.notFound, StorageError.damaged {
            throw DamagedFile(name: place.name)
        }
    }
}

extension SealedFileReader {
    private static func iterator<Pieces: AsyncSequence>(
        _ pieces: Pieces
    ) -> any AsyncIteratorProtocol<ByteBuffer, any Error>
    where Pieces.Element == ByteBuffer, Pieces.Failure == any Error {
        pieces.makeAsyncIterator()
    }
}

/// The plaintext of a file on its way to a client. To be read once, by one task.
package struct SealedContent: @unchecked Sendable {
    // Safe: a content is read by the one task of its request, piece after piece.
    package let length: Int64
    private let place: SealedPlace
    private let range: Range<Int64>
    private let chunks: Range<Int64>
    private let isWhole: Bool
    private var pieces: any AsyncIteratorProtocol<ByteBuffer, any Error>
    private var buffer = ByteBuffer()
    private var next: Int64
    private var digest = RunningDigest()
    private var first: [UInt8] = []

    init(
        _ place: SealedPlace, _ range: Range<Int64>, _ chunks: Range<Int64>, isWhole: Bool,
        _ pieces: any AsyncIteratorProtocol<ByteBuffer, any Error>
    ) {
        length = Int64(range.count)
        (self.place, self.range, self.chunks, self.isWhole, self.pieces) = (place, range, chunks, isWhole, pieces)
        next = chunks.lowerBound
    }

    mutating func proveFirst() async throws {
        first = try await chunk() ?? []
    }

    /// Writes everything, each chunk once it is proven. Throws ``DamagedFile`` when a later one is not, or when the whole has
    /// another SHA-256 than it was stored with; the last chunk is not written then.
    package func write(to send: (ByteBuffer) async throws -> Void) async throws {
        var content = self
        try await send(ByteBuffer(bytes: content.first))
        content.first = []
        while let bytes = try await content.chunk() { try await send(ByteBuffer(bytes: bytes)) }
    }

    /// The next chunk, or what of it is asked for; `nil` behind the last.
    private mutating func chunk() async throws -> [UInt8]? {
        guard next < chunks.upperBound else { return nil }
        let index = next
        next += 1
        let count = place.sealedLength(of: index)
        while buffer.readableBytes < count {
            guard var piece = try await pieces.next(isolation: nil) else { throw DamagedFile(name: place.name) }
            buffer.discardReadBytes()
            buffer.writeBuffer(&piece)
        }
        guard let sealed = buffer.readBytes(length: count) else { throw DamagedFile(name: place.name) }
        let bytes = try place.open(sealed, at: index, part: range)
        guard isWhole else { return bytes }
        digest.add(bytes)
        if next == chunks.upperBound, !constantTimeEquals(digest.sha256, place.sha256) {
            throw DamagedFile(name: place.name)
        }
        return bytes
    }
}
