import NIOCore

/// Reads a stored file as its chunks are asked for.
struct FolderContent: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let file: OpenFile
    let bounds: Range<Int64>
    let folder: String
    let threads: FileThreads

    struct AsyncIterator: AsyncIteratorProtocol {
        let content: FolderContent
        var offset: Int64

        mutating func next() async throws -> ByteBuffer? {
            let rest = content.bounds.upperBound - offset
            guard rest > 0 else { return nil }
            let count = Int(Swift.min(Int64(ObjectContent.chunk), rest))
            let chunk: ByteBuffer
            do {
                chunk = try await content.threads.run { [file = content.file, offset] in
                    try file.read(at: offset, count: count)
                }
            } catch let failure as FileFailure {
                throw failure.storageError(content.folder)
            }
            guard chunk.readableBytes == count else { throw ObjectRange.tooShort }
            offset += Int64(count)
            return chunk
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(content: self, offset: bounds.lowerBound)
    }
}
