import CareSyncCore
import CareSyncTesting
import Cryptography
import Foundation

@testable import Mail

enum Sample {
    static let from = MailSenderAddress("CareSync Clinic <no-reply@clinic.example>")

    static func message(
        to recipient: String = "asha@example.org", subject: String = "Your appointment", text: String = "Hello\n",
        html: String = "<p>Hello</p>", id: String = "00ff00ff00ff00ff"
    ) throws -> MailMessage {
        guard let from, let recipient = MailAddress(recipient) else { throw MailFault.controlCharacters }
        return try MailMessage(
            id: id, from: from, to: recipient, subject: subject, text: text, html: html,
            date: Instant(seconds: 1_773_115_200))
    }
}
