import CareSyncCore
import Foundation

/// Writes every mail into a folder, one `.eml` file each, named by the message: sending again replaces the file by itself.
package struct OutboxFolderSender: MailSender {
    package let folder: String
    package let isIdempotent = true

    package init(folder: String) {
        self.folder = folder
    }

    package func send(_ message: MailMessage) async -> MailOutcome {
        await MailSending.onOwnThread {
            do {
                try write(MIMEDocument(message).bytes, as: Self.name(of: message))
                return .sent
            } catch {
                return .temporaryFailure(code: "FOLDER_WRITE_FAILED")
            }
        }
    }

    /// In the order of their dates, as a folder lists them.
    static func name(of message: MailMessage) -> String {
        "\(message.date.seconds)-\(message.id).eml"
    }

    private struct WriteFailure: Error {}

    /// The file appears with its whole content or not at all.
    private func write(_ bytes: [UInt8], as name: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let draft = "\(folder)/.\(name).\(getpid())"
        let file = open(draft, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw WriteFailure() }
        defer { unlink(draft) }
        let isWritten = Self.write(bytes, to: file) && fsync(file) == 0
        close(file)
        guard isWritten, rename(draft, "\(folder)/\(name)") == 0 else { throw WriteFailure() }
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw WriteFailure() }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw WriteFailure() }
    }

    private static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let count = Foundation.write(file, buffer.baseAddress?.advanced(by: written), buffer.count - written)
                guard count > 0 else { return false }
                written += count
            }
            return true
        }
    }
}
