import Concurrency
import Foundation
import Testing

@Suite("A durable file")
struct DurableFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("caresync-file-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test("it is made with its folder, readable by its owner only, and leaves nothing beside it")
    func replacing() throws {
        try withFolder { (folder) throws in
            let path = "\(folder)/deeper/file"
            try DurableFile(path).replace(Array("one".utf8))
            try DurableFile(path).replace(Array("two".utf8))
            #expect(try text(path) == "two")
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/deeper") == ["file"])
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test("the first of two creators wins, and the other is told")
    func creating() throws {
        try withFolder { (folder) throws in
            let file = DurableFile("\(folder)/key")
            #expect(try file.create(Array("first".utf8)))
            #expect(try !file.create(Array("second".utf8)))
            #expect(try text(file.path) == "first")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["key"])
        }
    }

    @Test("lines are added, and one that a crash cut short is cut off first", arguments: [3, 5_000])
    func appending(length: Int) throws {
        try withFolder { (folder) throws in
            let file = DurableFile("\(folder)/lines")
            try file.append(lines: ["one", "two"])
            let handle = try #require(FileHandle(forWritingAtPath: file.path))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(repeating: UInt8(ascii: "x"), count: length))
            try handle.close()
            try file.append(lines: ["three"])
            #expect(try text(file.path) == "one\ntwo\nthree\n")
        }
    }

    @Test("a folder that cannot be written says so")
    func failing() throws {
        #expect(throws: (any Error).self) { try DurableFile("/proc/nothing/file").replace([1]) }
    }
}
