import CareSyncCore
import Concurrency
import Cryptography
import Foundation
import Settings

/// The keys of an installation without configured keys: files in the data folder, created once, for development only.
struct DevelopmentKeys {
    let directory: String
    let random: RandomSource

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// What to do about a missing key.
    enum Missing {
        case create
        /// Lives as long as the process; for commands that need a key but must not write.
        case improvise
    }

    func text(_ setting: Setting, missing: Missing) throws -> String {
        let path = directory + "/" + Self.fileName(setting)
        if let text = try read(path) { return text }
        let made = make(setting)
        guard missing == .create else { return made }
        _ = try DurableFile(path).create(Array((made + "\n").utf8))
        // Another process may have been first; what counts is the file.
        guard let text = try read(path) else { throw Failure(description: "\(path) has vanished.") }
        return text
    }

    static func fileName(_ setting: Setting) -> String {
        switch setting {
        case .tokenSecret: "jwt-secret"
        case .encryptionKeys: "encryption-keys"
        default: "root-secret"
        }
    }

    private func make(_ setting: Setting) -> String {
        let key = Base64.text(random.bytes(32))
        return setting == .encryptionKeys ? "dev:\(key)" : key
    }

    private func read(_ path: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {  // Any cause ends the start alike.
            throw Failure(description: "\(path) cannot be read.")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
