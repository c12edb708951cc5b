import CareSyncCore
import Concurrency

/// Writes every mail into a folder, one `.eml` file each, named by the message: sending again replaces the file by itself.
package struct OutboxFolderSender: MailSender {
    package let folder: String
    package let isIdempotent = true

    package init(folder: String) {
        self.folder = folder
    }

    package func send(_ message: MailMessage) async -> MailOutcome {
        let file = DurableFile("\(folder)/\(Self.name(of: message))")
        do {
            try await OwnThread.run("mail") { try file.replace(MIMEDocument(message).bytes) }
            return .sent
        } catch {
            return .temporaryFailure(code: "FOLDER_WRITE_FAILED")
        }
    }

    /// In the order of their dates, as a folder lists them.
    static func name(of message: MailMessage) -> String {
        "\(message.date.seconds)-\(message.id).eml"
    }
}
