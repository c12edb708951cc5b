import Foundation

/// What the kernel tells of this process. What cannot be read is left out.
package struct ProcessFigures: Sendable {
    private let folder: String
    private let ticksPerSecond: Double
    private let pageSize: Double

    package init(folder: String = "/proc/self") {
        self.folder = folder
        ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
        pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    package func add(to registry: MetricsRegistry) {
        registry.observe(
            "caresync_process_cpu_seconds_total", "Processor time of the process, in user and kernel mode.",
            isCounter: true
        ) { cpuSeconds }
        registry.observe("caresync_process_resident_memory_bytes", "Memory of the process that is in use.") {
            residentBytes
        }
        registry.observe("caresync_process_open_fds", "Files and sockets that the process has open.") { openFiles }
        registry.observe("caresync_process_threads", "Threads of the process.") { threads }
    }

    /// The fields of `stat` from the third one on; the second is a name that may hold blanks.
    private var fields: [Substring]? {
        guard let text = text("stat"), let end = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }

    private var cpuSeconds: Double? {
        guard let fields, fields.count > 12, let user = Double(fields[11]), let kernel = Double(fields[12]) else {
            return nil
        }
        return (user + kernel) / ticksPerSecond
    }

    private var threads: Double? {
        guard let fields, fields.count > 17 else { return nil }
        return Double(fields[17])
    }

    private var residentBytes: Double? {
        text("statm")?.split(separator: " ").dropFirst().first.flatMap { Double($0) }.map { $0 * pageSize }
    }

    private var openFiles: Double? {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder + "/fd")  // Left out without any.
        // One of them is the folder itself, open while it is read.
        return names.map { Double($0.count - 1) }
    }

    private func text(_ file: String) -> String? {
        try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)  // Left out where there is none.
    }
}
