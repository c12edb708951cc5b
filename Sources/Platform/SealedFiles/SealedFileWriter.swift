package import CareSyncCore
import Cryptography
package import NIOCore
package import ObjectStorage

/// What is wrong with a file that is coming in, before anybody looks at what it is.
package enum SpoolingError: Error, Equatable {
    case tooLarge, empty
}

/// Seals a file as it arrives: only ciphertext reaches the disk, and at most two chunks are in memory.
package final class SealedFileWriter {
    private let name: ObjectName
    private let key: FileKey
    private let spool: SpooledFile
    private let limit: Int64
    private var digest = RunningDigest()
    private var pending: [UInt8] = []
    private var length: Int64 = 0
    private var chunks: UInt64 = 0

    /// - Parameters:
    ///   - directory: where the ciphertext waits.
    ///   - limit: bytes in clear.
    package init(directory: String, limit: Int64, random: RandomSource) throws {
        name = ObjectName(random: random)
        key = FileKey(random: random)
        spool = try SpooledFile(directory: directory)
        self.limit = limit
        pending.reserveCapacity(2 * FileKey.chunkBytes)
    }

    package func append(_ piece: ByteBuffer) async throws { try await append(Array(piece.readableBytesView)) }

    package func append(_ piece: [UInt8]) async throws {
        length += Int64(piece.count)
        guard length <= limit else { throw SpoolingError.tooLarge }
        digest.add(piece)
        var rest = piece[...]
        while !rest.isEmpty {
            // A full chunk is sealed when more comes: only then is it known not to be the last.
            if pending.count == FileKey.chunkBytes { try await seal(isLast: false) }
            let part = rest.prefix(FileKey.chunkBytes - pending.count)
            pending.append(contentsOf: part)
            rest = rest.dropFirst(part.count)
        }
    }

    /// The end of the file.
    package func finish() async throws -> SealedFile {
        guard length > 0 else { throw SpoolingError.empty }
        try await seal(isLast: true)
        return SealedFile(
            place: SealedPlace(name: name, key: key, length: length, sha256: digest.sha256), spool: spool)
    }

    private func seal(isLast: Bool) async throws {
        let chunk = try key.sealChunk(pending, of: name.text, at: chunks, isLast: isLast)
        pending.removeAll(keepingCapacity: true)
        chunks += 1
        try await spool.append(ByteBuffer(bytes: chunk))
    }
}

/// A file that is sealed and waits to be stored; its plaintext can be read at any place.
package struct SealedFile: Sendable {
    package let place: SealedPlace
    private let spool: SpooledFile

    init(place: SealedPlace, spool: SpooledFile) {
        self.place = place
        self.spool = spool
    }

    package var length: Int64 { place.length }

    /// Plaintext: `count` bytes from `start` on, fewer at the end.
    package func bytes(from start: Int64, count: Int) async throws -> [UInt8] {
        guard start >= 0, count > 0, start < length else { return [] }
        var bytes: [UInt8] = []
        let end = min(length, start + Int64(count))
        for index in place.chunks(of: start..<end) {
            let sealed = try await spool.read(from: place.sealedStart(of: index), count: place.sealedLength(of: index))
            bytes += try place.open(Array(sealed.readableBytesView), at: index, part: start..<end)
        }
        return bytes
    }

    /// Hands the ciphertext to the store, whole or not at all.
    package func store(in store: any ObjectStore) async throws {
        try await store.put(place.name, spool)
    }

    /// Appends a part of the plaintext to another file.
    package func copy(_ range: Range<Int64>, to writer: SealedFileWriter) async throws {
        var start = range.lowerBound
        while start < range.upperBound {
            let count = Int(min(range.upperBound - start, Int64(FileKey.chunkBytes)))
            let part = try await bytes(from: start, count: count)
            guard part.count == count else { throw DamagedFile(name: place.name) }
            try await writer.append(part)
            start += Int64(count)
        }
    }
}
