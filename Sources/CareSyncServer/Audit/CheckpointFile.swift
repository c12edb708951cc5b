package import AuditTrail
package import CareSyncCore
import Concurrency
package import Cryptography
import Foundation
import Persistence

/// The file of audit checkpoints: one JSON object a line, only ever added to. Each line is signed together with the
/// signature of the line before it, so that none can be changed, put in or taken out; only an end can be cut off.
package struct CheckpointFile: Sendable {
    /// A line that was not written under this key, or not behind the line before it.
    package struct BadLine: Error, Equatable, CustomStringConvertible {
        package let path: String
        package let line: Int

        package var description: String {
            "\(path), line \(line): not a checkpoint signed under CARESYNC_ROOT_SECRET behind the line before it"
        }
    }

    /// The system does not let the file be used.
    package struct Unusable: Error, Equatable, CustomStringConvertible {
        package let path: String
        package let code: Int32

        package var description: String {
            "The checkpoint file \(path) cannot be opened: \(String(cString: strerror(code)))."
        }
    }

    package let path: String
    private let hash: KeyedHash

    package init(path: String, root: RootSecret) {
        self.path = path
        hash = KeyedHash(root.derive(.auditCheckpoint))
    }

    private struct Line: Codable {
        let shard: Int
        let sequence: Int64
        /// Hexadecimal, as the signature.
        let head: String
        let at: String
        /// The signature of the line before; empty in the first.
        let previous: String
        let signature: String
    }

    /// Adds a line for each checkpoint, taken at `now`, and waits until the disk has them; the lines. Processes that share
    /// the file take turns.
    package func append(_ checkpoints: [AuditCheckpoint], at now: Instant) throws -> [String] {
        try DurableFile.makeFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Unusable(path: path, code: errno) }
        // Closing it also gives the lock back.
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard flock(descriptor, LOCK_EX) == 0 else { throw Unusable(path: path, code: errno) }
        var previous = try lastSignature(file)
        let lines = try checkpoints.map { checkpoint in
            let line = line(checkpoint, at: now, behind: previous)
            previous = line.signature
            return try Self.text(line)
        }
        try DurableFile(path).append(lines: lines)
        try file.close()
        return lines
    }

    private func line(_ checkpoint: AuditCheckpoint, at now: Instant, behind previous: String) -> Line {
        let (head, at) = (Hex.text(checkpoint.head), now.description)
        return Line(
            shard: checkpoint.shard, sequence: checkpoint.sequence, head: head, at: at, previous: previous,
            signature: Hex.text(signature(checkpoint.shard, checkpoint.sequence, head, at, previous)))
    }

    private static func text(_ line: Line) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(line), as: UTF8.self)
    }

    /// Of the last whole line; one that a crash cut short will be cut off.
    private func lastSignature(_ file: FileHandle) throws -> String {
        let end = try file.seekToEnd()
        try file.seek(toOffset: end > 8192 ? end - 8192 : 0)
        let tail = try file.readToEnd() ?? Data()
        guard let newline = tail.lastIndex(of: UInt8(ascii: "\n")),
            let last = tail[..<newline].split(separator: UInt8(ascii: "\n")).last
        else { return "" }
        // Whatever else stands there is told when the file is read.
        return (try? JSONDecoder().decode(Line.self, from: Data(last)))?.signature ?? ""
    }

    /// Every checkpoint of the file. Throws ``BadLine``; a last line without an end is one that is being written.
    package func read() throws -> AuditCheckpointSet {
        guard let file = fopen(path, "r") else { throw Unusable(path: path, code: errno) }
        defer { fclose(file) }
        var buffer: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(buffer) }
        var set = AuditCheckpointSet()
        var number = 0
        var previous = ""
        while true {
            let count = getline(&buffer, &capacity, file)
            guard count > 0, let start = buffer else { return set }
            number += 1
            let bytes = Data(bytes: start, count: count)
            guard bytes.last == UInt8(ascii: "\n") else { return set }
            guard let (checkpoint, signature) = checkpoint(bytes, behind: previous) else {
                throw BadLine(path: path, line: number)
            }
            set.insert(checkpoint)
            previous = signature
        }
    }

    private func checkpoint(
        _ bytes: Data, behind previous: String
    ) -> (checkpoint: AuditCheckpoint, signature: String)? {
        // Whatever is wrong, it was not written here.
        guard let line = try? JSONDecoder().decode(Line.self, from: bytes),
            let head = Self.bytes(line.head), let given = Self.bytes(line.signature), line.previous == previous,
            constantTimeEquals(given, signature(line.shard, line.sequence, line.head, line.at, line.previous))
        else { return nil }
        return (AuditCheckpoint(shard: line.shard, sequence: line.sequence, head: head), line.signature)
    }

    private func signature(
        _ shard: Int, _ sequence: Int64, _ head: String, _ at: String, _ previous: String
    ) -> [UInt8] {
        hash.code(forParts: ["\(shard)", "\(sequence)", head, at, previous].map { Array($0.utf8) })
    }

    /// The bytes of hexadecimal text.
    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { symbol -> UInt8? in Character(Unicode.Scalar(symbol)).hexDigitValue.map(UInt8.init)
        }
        guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
        let values = digits.compactMap { $0 }
        return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }
}
