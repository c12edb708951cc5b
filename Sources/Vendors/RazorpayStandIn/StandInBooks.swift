import Concurrency
import Foundation

/// The file that keeps the books over restarts: a line for each change, the last one counts. Lines are handed to the
/// system at once and reach the disk when it likes; after a power failure the last ones may be missing.
final class StandInBooks: Sendable {
    private let descriptor: Int32

    /// Lines of more bytes are written anew without what is outdated.
    static let largest = 64 << 20

    /// Reads what is there, and writes it anew without what is outdated.
    init(path: String, into gateway: StandInGateway) throws {
        gateway.restore(Self.read(path))
        try DurableFile(path).replace(Self.lines(gateway.records))
        descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw StandInFileFailure(path: path, code: errno) }
    }

    deinit { close(descriptor) }

    func append(_ records: [StandInRecord]) {
        let bytes = Self.lines(records)
        // A full disk costs the stand-in its memory over the next restart, and nothing else.
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    var isLarge: Bool { lseek(descriptor, 0, SEEK_END) > Self.largest }

    private static func lines(_ records: [StandInRecord]) -> [UInt8] {
        let encoder = JSONEncoder()
        var bytes: [UInt8] = []
        for record in records {
            guard let line = try? encoder.encode(record) else { continue }  // These values can always be written.
            bytes += line
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    private static func read(_ path: String) -> [StandInRecord] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return data.split(separator: UInt8(ascii: "\n")).compactMap { line in
            try? JSONDecoder().decode(StandInRecord.self, from: line)  // A line that a crash has cut short.
        }
    }
}
