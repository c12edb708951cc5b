package import CareSyncCore
import Foundation
package import Logging

/// Logs to the standard error stream: one line per event, `key=value` pairs after a UTC time stamp and a level.
package struct ConsoleLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level
    private let time: TimeSource
    private let write: @Sendable (String) -> Void

    package init(
        level: Logger.Level, time: TimeSource = .system,
        write: @escaping @Sendable (String) -> Void = { StandardStreams.error.write($0) }
    ) {
        logLevel = level
        self.time = time
        self.write = write
    }

    package static func logger(_ level: Logger.Level) -> Logger {
        Logger(label: "caresync") { _ in ConsoleLog(level: level) }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = "\(time.now) level=\(event.level) msg=\(Self.quoted(event.message.description))"
        var pairs = metadata
        if let provided = metadataProvider?.get() { pairs.merge(provided) { own, _ in own } }
        if let given = event.metadata { pairs.merge(given) { _, given in given } }
        // The transport library's own name for it; here it is `request`.
        pairs["hb.request.id"] = nil
        for (key, value) in pairs.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(Self.quoted("\(value)"))" }
        write(line + "\n")
    }

    /// As it stands when it is one word, otherwise in quotes, without line breaks that could forge another event.
    private static func quoted(_ text: String) -> String {
        let isWord = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x22 && $0 != 0x3D }
        guard !isWord else { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: quoted += "\\u{\(scalar.value)}"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

/// The process's output, unbuffered, so that each line is seen when it is written.
package struct StandardStreams: Sendable {
    private let descriptor: Int32

    package static let output = StandardStreams(descriptor: 1)
    package static let error = StandardStreams(descriptor: 2)

    package func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(0, count))
        }
    }

    package func line(_ text: String) { write(text + "\n") }
}
