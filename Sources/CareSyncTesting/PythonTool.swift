import Foundation

/// A Python program of this folder, run with the tools that the scripts install.
enum PythonTool {
    static func start(_ script: String, _ arguments: [String] = [], errorFile: String) throws -> ChildProcess {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let root = folder.deletingLastPathComponent().deletingLastPathComponent()
        return try ChildProcess(
            program: root.path + "/.tools/venv/bin/python3", [folder.path + "/" + script] + arguments, environment: [:],
            errorFile: errorFile)
    }
}

/// Gives `body` an empty folder that is removed afterwards.
package func withFolder<Value>(_ body: (_ path: String) async throws -> Value) async throws -> Value {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("caresync-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }  // A folder that stays does no harm.
    return try await body(path)
}
