import CCrack
import Foundation
import Synchronization

/// Words that are not allowed as passwords, because they are guessed first: the dictionary that Debian's
/// `cracklib-runtime` makes of the word lists of the machine. Only its words are used, not cracklib's other rules.
package final class PasswordDictionary: Sendable {
    /// The machine's dictionary, opened on first use; `nil` when missing. Like the time zones it belongs to the
    /// machine, so it is not injected.
    package static let system = PasswordDictionary(path: systemPath)
    package static let systemPath = String(cString: GetDefaultCracklibDict())

    /// Longer words are cut when a dictionary is made.
    private static let longestWord = 30

    /// The library keeps what it has read last in the dictionary, so one caller at a time may look.
    private let dictionary: Mutex<UnsafeMutablePointer<PWDICT>>
    package let count: Int

    /// - Parameter path: of the three files, without their endings; `nil` when one of them cannot be read.
    package init?(path: String) {
        let parts = [".pwd", ".pwi", ".hwm"].map { path + $0 }
        guard parts.allSatisfy(FileManager.default.isReadableFile) else { return nil }
        var mode = Array("r".utf8CString)
        guard let opened = PWOpen(path, &mode) else { return nil }
        count = Int(opened.pointee.header.pih_numwords)
        dictionary = Mutex(opened)
    }

    deinit {
        _ = dictionary.withLock { PWClose($0) }
    }

    /// - Parameter word: in lower case.
    package func contains(_ word: String) -> Bool {
        let bytes = word.utf8
        guard (1...Self.longestWord).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return false
        }
        var text = Array(word.utf8CString)
        return dictionary.withLock { Int(FindPW($0, &text)) < count }
    }
}
