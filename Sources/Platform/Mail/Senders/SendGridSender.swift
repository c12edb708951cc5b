package import Cryptography
import Foundation
import HTTPClient

/// Hands mail to SendGrid's v3 API.
package final class SendGridSender: MailSender {
    package static let address = "https://api.sendgrid.com"

    /// The API has no idempotency key.
    package let isIdempotent = false
    private let key: SecretBytes
    private let base: String
    private let client = WebClient(connect: .seconds(MailSending.connection))

    /// - Parameter base: where the API is; another than ``address`` for tests.
    package init(key: SecretBytes, base: String = SendGridSender.address) {
        self.key = key
        self.base = base
    }

    /// A shutdown does not interrupt a request in progress: nobody would know whether it arrived.
    package func send(_ message: MailMessage) async -> MailOutcome {
        await Task { await post(message) }.value
    }

    private func post(_ message: MailMessage) async -> MailOutcome {
        let body: [UInt8]
        do { body = try SendGridMail(message).bytes() } catch { return .permanentFailure(code: "SENDGRID_ENCODING") }
        let request = WebRequest(
            .post, base + "/v3/mail/send",
            headers: [
                (name: "authorization", value: "Bearer \(String(decoding: key.bytes, as: UTF8.self))"),
                (name: "content-type", value: "application/json"),
            ], body: .bytes(body))
        do {
            let answer = try await client.send(request, within: .seconds(MailSending.longest))
            // Frees the connection; what the answer says does not matter, nor whether the rest of it comes.
            _ = try? await answer.collect(upTo: 65_536)
            return Self.outcome(answer.status)
        } catch {
            let mayHaveArrived = (error as? WebFailure)?.mayHaveArrived ?? true
            return mayHaveArrived
                ? .unknown(code: "SENDGRID_NO_ANSWER") : .temporaryFailure(code: "SENDGRID_UNREACHABLE")
        }
    }

    /// Only quotas and faults of the server pass by themselves.
    static func outcome(_ status: Int) -> MailOutcome {
        switch status {
        case 200..<300: .sent
        case 429, 500...: .temporaryFailure(code: "SENDGRID_\(status)")
        default: .permanentFailure(code: "SENDGRID_\(status)")
        }
    }
}

/// The body of `POST /v3/mail/send`. Tracking is off: it would send every link through a third party.
struct SendGridMail: Encodable {
    struct Person: Encodable {
        let email: String
        let name: String?
    }

    struct Content: Encodable {
        let type: String
        let value: String
    }

    struct Personalization: Encodable {
        let to: [Person]
    }

    struct Switch: Encodable {
        let enable: Bool
    }

    struct Tracking: Encodable {
        let clickTracking = Switch(enable: false)
        let openTracking = Switch(enable: false)

        enum CodingKeys: String, CodingKey {
            case clickTracking = "click_tracking"
            case openTracking = "open_tracking"
        }
    }

    let personalizations: [Personalization]
    let from: Person
    let subject: String
    let content: [Content]
    let headers: [String: String]
    let trackingSettings = Tracking()

    enum CodingKeys: String, CodingKey {
        case personalizations, from, subject, content, headers
        case trackingSettings = "tracking_settings"
    }

    init(_ message: MailMessage) {
        personalizations = [Personalization(to: [Person(email: message.to.text, name: nil)])]
        from = Person(email: message.from.address.text, name: message.from.name)
        subject = message.subject
        // Plain text has to come first.
        content = [Content(type: "text/plain", value: message.text), Content(type: "text/html", value: message.html)]
        headers = ["Message-ID": "<\(message.messageID)>", "Auto-Submitted": "auto-generated"]
    }

    func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}
