import AsyncHTTPClient
package import Cryptography
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// Hands mail to SendGrid's v3 API.
package final class SendGridSender: MailSender {
    package static let address = "https://api.sendgrid.com"

    /// The API has no idempotency key.
    package let isIdempotent = false
    private let key: SecretBytes
    private let base: String
    /// Made with the first mail: a server that sends none holds no client.
    private let client = Mutex<HTTPClient?>(nil)

    /// - Parameter base: where the API is; another than ``address`` for tests.
    package init(key: SecretBytes, base: String = SendGridSender.address) {
        self.key = key
        self.base = base
    }

    deinit {
        client.withLock { $0 }?.shutdown(queue: .global()) { _ in }
    }

    /// A shutdown does not interrupt a request in progress: nobody would know whether it arrived.
    package func send(_ message: MailMessage) async -> MailOutcome {
        await Task { await post(message) }.value
    }

    private func post(_ message: MailMessage) async -> MailOutcome {
        let body: [UInt8]
        do { body = try SendGridMail(message).bytes() } catch { return .permanentFailure(code: "SENDGRID_ENCODING") }
        let upload = Upload(body)
        var request = HTTPClientRequest(url: base + "/v3/mail/send")
        request.method = .POST
        request.headers = [
            "authorization": "Bearer \(String(decoding: key.bytes, as: UTF8.self))",
            "content-type": "application/json",
        ]
        request.body = .stream(upload, length: .known(Int64(body.count)))
        do {
            let answer = try await current().execute(request, timeout: .seconds(Int64(MailSending.longest)))
            await Self.drain(answer.body)
            return Self.outcome(Int(answer.status.code))
        } catch {
            return upload.isHandedOver
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

    /// Frees the connection. What stands in the answer does not matter, nor whether it comes: its status is known.
    private static func drain(_ body: HTTPClientResponse.Body) async {
        do {
            for try await _ in body.prefix(16) {}
        } catch {}
    }

    private func current() -> HTTPClient {
        client.withLock { client in
            if let client { return client }
            var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
            configuration.timeout.connect = .seconds(Int64(MailSending.connection))
            let made = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            client = made
            return made
        }
    }
}

/// A request body that knows whether it was asked for: until then nothing of it can have arrived.
private final class Upload: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    private let bytes: [UInt8]
    private let taken = Mutex(false)

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isHandedOver: Bool { taken.withLock { $0 } }

    struct AsyncIterator: AsyncIteratorProtocol {
        let upload: Upload

        func next() async throws -> ByteBuffer? {
            let isFirst = upload.taken.withLock { taken in
                defer { taken = true }
                return !taken
            }
            return isFirst ? ByteBuffer(bytes: upload.bytes) : nil
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(upload: self) }
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
