import Foundation

/// Memory that only the start needs.
enum StartMemory {
    /// Gives back the program's own code as far as it has been read in. Most of it ran once: configuration, migrations, the
    /// OpenAPI document. What is needed again is mapped again from the page cache, at the cost of a few hundred minor
    /// faults; the resident set is then what serving takes.
    static func giveBack() {
        guard let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8),  // Not on every system.
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        else { return }
        for line in maps.split(separator: "\n") {
            // Only pages that nobody may have written: `00400000-00452000 r-xp 00000000 08:02 173521    /path`.
            let parts = line.split(separator: " ")
            guard parts.count > 5, parts[1] == "r-xp", line.hasSuffix(" " + program) else { continue }
            let bounds = parts[0].split(separator: "-").compactMap { UInt(String($0), radix: 16) }
            guard bounds.count == 2, let start = UnsafeMutableRawPointer(bitPattern: bounds[0]) else { continue }
            madvise(start, Int(bounds[1] - bounds[0]), MADV_DONTNEED)
        }
    }
}
