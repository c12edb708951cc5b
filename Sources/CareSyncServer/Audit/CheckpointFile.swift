package import AuditTrail
package import CareSyncCore
import Concurrency
package import Cryptography
import Foundation
import Persistence

/// The file of audit checkpoints: one JSON object a line, each signed, only ever added to.
package struct CheckpointFile: Sendable {
    /// A line that was not written under this key.
    package struct BadLine: Error, Equatable, CustomStringConvertible {
        package let path: String
        package let line: Int

        package var description: String { "\(path), line \(line): not a checkpoint signed under CARESYNC_ROOT_SECRET" }
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
        let signature: String
    }

    /// A line with its signature; `at` is when the checkpoint was taken.
    package func text(_ checkpoint: AuditCheckpoint, at: Instant) throws -> String {
        let (head, at) = (Hex.text(checkpoint.head), at.description)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = Line(
            shard: checkpoint.shard, sequence: checkpoint.sequence, head: head, at: at,
            signature: Hex.text(signature(checkpoint.shard, checkpoint.sequence, head, at)))
        return String(decoding: try encoder.encode(line), as: UTF8.self)
    }

    /// Adds lines and waits until the disk has them. A line that a crash cut short is cut off first.
    package func append(_ lines: [String]) throws {
        try DurableFile(path).append(lines: lines)
    }

    /// Every checkpoint of the file. Throws ``BadLine``; a last line without an end is one that is being written.
    package func read() throws -> AuditCheckpointSet {
        guard let file = fopen(path, "r") else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        defer { fclose(file) }
        var buffer: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(buffer) }
        var set = AuditCheckpointSet()
        var number = 0
        let decoder = JSONDecoder()
        while true {
            let count = getline(&buffer, &capacity, file)
            guard count > 0, let start = buffer else { return set }
            number += 1
            let bytes = Data(bytes: start, count: count)
            guard bytes.last == UInt8(ascii: "\n") else { return set }
            guard let checkpoint = checkpoint(bytes, decoder) else { throw BadLine(path: path, line: number) }
            set.insert(checkpoint)
        }
    }

    private func checkpoint(_ bytes: Data, _ decoder: JSONDecoder) -> AuditCheckpoint? {
        guard let line = try? decoder.decode(Line.self, from: bytes),  // Whatever is wrong, it is no line of ours.
            let head = Self.bytes(line.head), let given = Self.bytes(line.signature),
            constantTimeEquals(given, signature(line.shard, line.sequence, line.head, line.at))
        else { return nil }
        return AuditCheckpoint(shard: line.shard, sequence: line.sequence, head: head)
    }

    private func signature(_ shard: Int, _ sequence: Int64, _ head: String, _ at: String) -> [UInt8] {
        hash.code(forParts: ["\(shard)", "\(sequence)", head, at].map { Array($0.utf8) })
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
