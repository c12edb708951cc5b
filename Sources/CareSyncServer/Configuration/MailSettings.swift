package import Cryptography
import Foundation
package import Mail
import Settings

/// How mail leaves, and from whom.
package struct MailSettings: Sendable {
    package enum Provider: Sendable {
        /// Every mail is a file, for development.
        case folder(String)
        case smtp(SMTPServer)
        case sendGrid(key: SecretBytes)
        /// Mail cannot be sent; what needs it answers 424 `MAIL_UNAVAILABLE`.
        case none
    }

    package var provider: Provider
    package var from: MailSenderAddress

    package var isAvailable: Bool {
        if case .none = provider { false } else { true }
    }

    /// The default in development, and in production without a mail provider.
    static let standardSender = MailSenderAddress(
        address: .noReply(at: "caresync.localhost"), name: "CareSync")

    static func sender(_ text: String) throws -> MailSenderAddress {
        guard let sender = MailSenderAddress(text) else {
            throw SettingError("must be an address such as CareSync <no-reply@clinic.example>, not '\(text)'")
        }
        return sender
    }

    func makeSender() -> any MailSender {
        switch provider {
        case .folder(let path): OutboxFolderSender(folder: path)
        case .smtp(let server): SMTPSender(server: server)
        case .sendGrid(let key): SendGridSender(key: key)
        case .none: UnavailableSender()
        }
    }
}

extension MailSettings.Provider {
    init(parsing text: String) throws {
        if text == "off" {
            self = .none
            return
        }
        if text.hasPrefix("sendgrid:") {
            let key = text.dropFirst("sendgrid:".count)
            guard !key.isEmpty, key.utf8.allSatisfy({ (33...126).contains($0) }) else {
                throw SettingError("must be sendgrid: and the API key")
            }
            self = .sendGrid(key: SecretBytes(Array(key.utf8)))
            return
        }
        // The value is not quoted: it may contain the password.
        let complaint = SettingError(
            "must have the form smtp://user:password@host:587, smtps://user:password@host:465 or sendgrid:KEY")
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
            parts.scheme == "smtp" || parts.scheme == "smtps", parts.path.isEmpty || parts.path == "/",
            (parts.user == nil) == (parts.password == nil)
        else { throw complaint }
        let isImplicit = parts.scheme == "smtps"
        let query = parts.queryItems ?? []
        guard query.allSatisfy({ $0.name == "ca" && $0.value?.isEmpty == false }), query.count <= 1 else {
            throw SettingError("knows one parameter: ca, a file of certificates to trust")
        }
        self = .smtp(
            SMTPServer(
                host: host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")),
                port: parts.port ?? (isImplicit ? 465 : 587), security: isImplicit ? .implicitTLS : .startTLS,
                user: parts.user, password: parts.password.map { SecretBytes(Array($0.utf8)) },
                authorities: query.first?.value))
    }

    /// Where mail goes, without a secret.
    var shown: String {
        switch self {
        case .folder(let path): "files in \(path)"
        case .smtp(let server):
            "\(server.security == .implicitTLS ? "smtps" : "smtp")://"
                + (server.user.map { "\($0):***@" } ?? "") + "\(server.host):\(server.port)"
        case .sendGrid: "sendgrid:***"
        case .none: "none; what needs mail answers 424"
        }
    }
}
