import Foundation
import Testing

@Suite("Architecture")
struct ArchitectureTests {
    private struct SourceFile {
        let path: String
        let target: String
        let lines: [Substring]

        var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ")
                guard let index = words.firstIndex(of: "import"), index <= 2, !line.hasPrefix(" "),
                    !line.hasPrefix("//"), index + 1 < words.count
                else { return nil }
                return words[index + 1].split(separator: ".").first.map(String.init)
            }
        }
    }

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Features by the level they stand on; a feature imports lower levels only.
    private static let levels = [
        ["Identity", "Operations"], ["Directory"], ["Scheduling"], ["Payments", "Documents"],
        ["Records", "Diagnostics", "Reviews", "Messaging"], ["Insights", "Assistant"],
    ]

    private static func files(in folders: [String]) throws -> [SourceFile] {
        try folders.flatMap { folder in
            let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path + "/" + folder)
            return try paths.filter { $0.hasSuffix(".swift") }.sorted().map { path in
                let text = try String(contentsOfFile: root.path + "/" + folder + "/" + path, encoding: .utf8)
                let parts = path.split(separator: "/").map(String.init)
                let isNested = parts[0] == "Platform" || parts[0] == "Features" || parts[0] == "Vendors"
                return SourceFile(
                    path: folder + "/" + path, target: isNested ? parts[1] : parts[0],
                    lines: text.split(separator: "\n", omittingEmptySubsequences: false))
            }
        }
    }

    @Test("only the owner of a library imports it")
    func owners() throws {
        let web: Set<String> = ["HTTPServer", "CareSyncServer"]
        let owners: [String: Set<String>] = [
            "CSQLite": ["PersistenceSQLite"], "CPostgres": ["PersistencePostgres"],
            "CCrypt": ["Cryptography"], "COath": ["Cryptography"], "CQREncode": ["QRImages"], "CPNG": ["QRImages"],
            "CCurl": ["Mail"], "CMagic": ["FileTypes"], "CZlib": ["FileTypes"], "AsyncHTTPClient": ["HTTPClient"],
            "Mustache": ["Mail"], "CoreMetrics": ["CareSyncMetrics", "CareSyncServer"],
            "JWTKit": ["Cryptography"], "Hummingbird": web, "HummingbirdCore": web,
            "Configuration": ["CareSyncServer"],
        ]
        for file in try Self.files(in: ["Sources"]) {
            for module in file.imports {
                guard let allowed = owners[module] else { continue }
                #expect(allowed.contains(file.target), "\(file.path) imports \(module)")
            }
        }
    }

    @Test("features import lower features only, and nothing of the network")
    func levels() throws {
        let features = Self.levels.flatMap { $0 }
        for file in try Self.files(in: ["Sources"]) where file.path.hasPrefix("Sources/Features/") {
            let level = try #require(
                Self.levels.firstIndex { $0.contains(file.target) }, "\(file.target) stands on no level")
            let lower = Self.levels[..<level].flatMap { $0 }
            for module in file.imports {
                let isHigher = features.contains(module) && !lower.contains(module)
                #expect(!isHigher, "\(file.path) imports \(module)")
                #expect(!module.hasPrefix("NIO") && module != "HTTPTypes", "\(file.path) imports \(module)")
            }
        }
    }

    @Test("the core imports no other target")
    func core() throws {
        let others = Set(try Self.files(in: ["Sources"]).map(\.target))
        for file in try Self.files(in: ["Sources"]) where file.target == "CareSyncCore" {
            #expect(others.isDisjoint(with: file.imports), "\(file.path)")
        }
    }

    @Test("services take time and randomness from what they are given")
    func injectedTime() throws {
        for file in try Self.files(in: ["Sources"]) where file.path.hasPrefix("Sources/Features/") {
            for word in ["Date()", "Date.now", "UUID()", ".random(in", "ProcessInfo"] {
                #expect(!file.lines.contains { $0.contains(word) }, "\(file.path) uses \(word)")
            }
        }
    }

    @Test("no file is longer than 400 lines")
    func fileLength() throws {
        for file in try Self.files(in: ["Sources", "Tests"]) {
            #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count) lines")
        }
    }
}
