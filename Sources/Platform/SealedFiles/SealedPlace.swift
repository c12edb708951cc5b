package import Cryptography
package import ObjectStorage

/// A stored file does not open: its object is missing, was changed, cut or exchanged. It names the object only.
package struct DamagedFile: Error, Equatable {
    package let name: ObjectName
}

/// Where a sealed file is, and what is needed to read it.
package struct SealedPlace: Sendable {
    package let name: ObjectName
    package let key: FileKey
    /// In clear.
    package let length: Int64
    /// Of the plaintext.
    package let sha256: [UInt8]

    package init(name: ObjectName, key: FileKey, length: Int64, sha256: [UInt8]) {
        self.name = name
        self.key = key
        self.length = length
        self.sha256 = sha256
    }

    private static let chunk = Int64(FileKey.chunkBytes)
    private static let sealedChunk = chunk + Int64(FileKey.overhead)

    private var chunkCount: Int64 { (length + Self.chunk - 1) / Self.chunk }

    /// Bytes of the whole object.
    var sealedLength: Int64 { length + chunkCount * Int64(FileKey.overhead) }

    /// The chunks that hold a range of the plaintext.
    func chunks(of range: Range<Int64>) -> Range<Int64> {
        guard !range.isEmpty else { return 0..<0 }
        return range.lowerBound / Self.chunk..<(range.upperBound - 1) / Self.chunk + 1
    }

    func sealedStart(of index: Int64) -> Int64 { index * Self.sealedChunk }

    func sealedLength(of index: Int64) -> Int {
        Int(min(Self.sealedChunk, sealedLength - sealedStart(of: index)))
    }

    /// What of `part` lies in a chunk. Throws ``DamagedFile``.
    func open(_ sealed: [UInt8], at index: Int64, part: Range<Int64>) throws -> [UInt8] {
        let start = index * Self.chunk
        let expected = Int(min(Self.chunk, length - start))
        let opened = key.openChunk(sealed, of: name.text, at: UInt64(index), isLast: index == chunkCount - 1)
        guard let opened, opened.count == expected else { throw DamagedFile(name: name) }
        let low = Int(max(part.lowerBound - start, 0))
        let high = Int(min(part.upperBound - start, Int64(expected)))
        return low == 0 && high == expected ? opened : Array(opened[low..<high])
    }
}
