import Crypto
import Foundation
package import NIOCore
import Synchronization

/// A temporary file without a name that is written, then read: ciphertext on its way. It vanishes with its last holder,
/// also when the process dies.
package final class SpooledFile: Sendable {
    private struct State {
        var length: Int64 = 0
        var digest = SHA256()
    }

    private let file: OpenFile
    private let directory: String
    private let threads: FileThreads
    private let state = Mutex(State())
    /// Held while bytes are being written, which may take its time.
    private let writing = Mutex(())

    /// Makes the folder when it is missing.
    package convenience init(directory: String) throws {
        try self.init(directory: directory, threads: .shared)
    }

    init(directory: String, threads: FileThreads) throws {
        self.directory = directory
        self.threads = threads
        do {
            try FolderPath.make(directory)
            let path = "\(directory)/.spool.\(String(UInt64.random(in: .min ... .max), radix: 36))"
            file = try OpenFile(path, O_CREAT | O_EXCL | O_RDWR, .write)
            unlink(path)
        } catch let failure as FileFailure {
            throw failure.storageError(directory)
        }
    }

    /// How many bytes have been written.
    package var length: Int64 { state.withLock { $0.length } }

    /// SHA-256 of everything that has been written.
    package func sha256() -> [UInt8] { state.withLock { Array($0.digest.finalize()) } }

    /// Adds bytes at the end. When it throws nothing was added.
    package func append(_ bytes: ByteBuffer) async throws {
        try await onThread { spool in
            try spool.writing.withLock { _ in
                try spool.file.write(bytes, at: spool.length)
                spool.state.withLock { state in
                    state.length += Int64(bytes.readableBytes)
                    bytes.withUnsafeReadableBytes { state.digest.update(bufferPointer: $0) }
                }
            }
        }
    }

    /// Up to `count` bytes from an offset; fewer only at the end, none behind it.
    package func read(from offset: Int64, count: Int) async throws -> ByteBuffer {
        try await onThread { spool in
            let rest = min(Int64(max(0, count)), spool.length - max(0, offset))
            guard offset >= 0, rest > 0 else { return ByteBuffer() }
            return try spool.file.read(at: offset, count: Int(rest))
        }
    }

    /// Writes everything to another file. Blocks.
    func copy(to target: OpenFile) throws {
        let length = length
        var offset: Int64 = 0
        while offset < length {
            let bytes = try file.read(at: offset, count: Int(min(1 << 20, length - offset)))
            guard bytes.readableBytes > 0 else { throw FileFailure(.read, EIO) }
            try target.write(bytes, at: offset)
            offset += Int64(bytes.readableBytes)
        }
    }

    private func onThread<Value: Sendable>(_ work: @escaping @Sendable (SpooledFile) throws -> Value) async throws
        -> Value
    {
        do {
            return try await threads.run { try work(self) }
        } catch let failure as FileFailure {
            throw failure.storageError(directory)
        }
    }
}
