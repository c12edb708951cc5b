import Foundation
import NIOCore

/// An open file, closed when nobody holds it any more. Its calls block.
final class OpenFile: Sendable {
    private let descriptor: Int32

    /// Throws ``FileFailure``.
    init(_ path: String, _ flags: Int32, _ action: FileFailure.Action) throws {
        descriptor = open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure(action, errno) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: ByteBuffer, at offset: Int64) throws {
        try bytes.withUnsafeReadableBytes { bytes in
            var written = 0
            while written < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(written))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw FileFailure(.write, errno) }
                written += count
            }
        }
    }

    /// Fewer bytes than asked for only at the end of the file.
    func read(at offset: Int64, count: Int) throws -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(count)
        while bytes.readableBytes < count {
            let position = off_t(offset) + off_t(bytes.readableBytes)
            let rest = count - bytes.readableBytes
            let read = try bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: rest) { target in
                while true {
                    let read = pread(descriptor, target.baseAddress, rest, position)
                    if read >= 0 { return read }
                    guard errno == EINTR else { throw FileFailure(.read, errno) }
                }
            }
            if read == 0 { break }
        }
        return bytes
    }

    /// Returns when everything is on disk.
    func synchronize() throws {
        guard fsync(descriptor) == 0 else { throw FileFailure(.write, errno) }
    }

    /// Throws unless it is a plain file.
    func size() throws -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileFailure(.read, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileFailure(.read, EISDIR) }
        return Int64(status.st_size)
    }
}

/// A system call on a file that failed.
struct FileFailure: Error {
    enum Action: String {
        case read, write
    }

    let action: Action
    let code: Int32

    init(_ action: Action, _ code: Int32) {
        self.action = action
        self.code = code
    }

    /// As the store's users see it.
    func storageError(_ folder: String) -> StorageError {
        let verb = action == .read ? "read" : "written"
        return .unavailable("The folder \(folder) cannot be \(verb): \(String(cString: strerror(code))).")
    }
}
