import Foundation

/// A file whose content survives a crash: it is on disk when a function returns. Readable by this account only.
package struct DurableFile: Sendable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// The system call that failed, without the content.
    package struct WriteFailure: Error, CustomStringConvertible {
        package let path: String
        package let code: Int32

        package var description: String { "\(path) cannot be written: \(String(cString: strerror(code)))" }
    }

    /// Gives the file this content. Others see the old content or the new one, never a part.
    package func replace(_ bytes: [UInt8]) throws {
        try withDraft(bytes) { draft in
            guard rename(draft, path) == 0 else { throw failure() }
        }
    }

    /// Creates the file unless it exists; `false` when it does. It appears with its whole content.
    package func create(_ bytes: [UInt8]) throws -> Bool {
        try withDraft(bytes) { draft in
            guard link(draft, path) != 0 else { return true }
            guard errno == EEXIST else { throw failure() }
            return false
        }
    }

    /// Appends lines in one write, so that processes sharing the file never mix theirs. A last line that a crash cut
    /// short is removed first.
    package func append(lines: [String]) throws {
        try makeFolder()
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        try cutOffUnfinishedLine(descriptor)
        try write(Array(lines.map { $0 + "\n" }.joined().utf8), to: descriptor)
        try synchronize(descriptor)
    }

    private var folder: String { URL(fileURLWithPath: path).deletingLastPathComponent().path }

    private func makeFolder() throws { try Self.makeFolder(folder) }

    /// Makes a folder, and those above it, unless they are there. Readable by this account only.
    package static func makeFolder(_ path: String) throws {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        let code = errno
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard code == ENOENT, parent != path else { throw WriteFailure(path: path, code: code) }
        try makeFolder(parent)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw WriteFailure(path: path, code: errno) }
    }

    /// Writes the content beside the file; `publish` gives it its name.
    private func withDraft<Value>(_ bytes: [UInt8], _ publish: (_ draft: String) throws -> Value) throws -> Value {
        try makeFolder()
        let name = URL(fileURLWithPath: path).lastPathComponent
        let draft = "\(folder)/.\(name).\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let descriptor = open(draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure() }
        defer { unlink(draft) }
        do {
            defer { close(descriptor) }
            try write(bytes, to: descriptor)
            try synchronize(descriptor)
        }
        let value = try publish(draft)
        try synchronizeFolder()
        return value
    }

    /// The name is in the folder, which has to be flushed separately.
    private func synchronizeFolder() throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        try synchronize(descriptor)
    }

    private func synchronize(_ descriptor: Int32) throws {
        guard fsync(descriptor) == 0 else { throw failure() }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure() }
            written += count
        }
    }

    private func cutOffUnfinishedLine(_ descriptor: Int32) throws {
        var end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else { throw failure() }
        let size = end
        var block = [UInt8](repeating: 0, count: 4096)
        while end > 0 {
            let start = max(0, end - block.count)
            let count = pread(descriptor, &block, end - start, start)
            guard count == end - start else { throw failure() }
            if let newline = block[..<count].lastIndex(of: UInt8(ascii: "\n")) {
                end = start + newline + 1
                break
            }
            end = start
        }
        guard end < size else { return }
        guard ftruncate(descriptor, end) == 0 else { throw failure() }
    }

    private func failure() -> WriteFailure { WriteFailure(path: path, code: errno) }
}
