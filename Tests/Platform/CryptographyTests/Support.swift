import CareSyncCore
import Synchronization

@testable import Cryptography

func bytes(_ hex: String) -> [UInt8] {
    stride(from: 0, to: hex.utf8.count, by: 2).compactMap { offset in
        let start = hex.index(hex.startIndex, offsetBy: offset)
        return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16)
    }
}

func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The message of the configuration error that the body throws.
func complaint(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch let error as KeyConfigurationError {
        return error.message
    } catch {
        return "unexpected: \(error)"
    }
}

extension RandomSource {
    /// Yields the given lists in order, then nothing.
    static func scripted(_ lists: [[UInt8]]) -> RandomSource {
        let rest = Script(lists)
        return RandomSource { _ in rest.next() }
    }
}

private final class Script: Sendable {
    private let lists: Mutex<[[UInt8]]>

    init(_ lists: [[UInt8]]) { self.lists = Mutex(lists) }

    func next() -> [UInt8] { lists.withLock { $0.isEmpty ? [] : $0.removeFirst() } }
}
