import CCurl
import CareSyncTesting
import Cryptography
import Foundation
import Testing

@testable import Mail

@Suite("SMTP")
struct SMTPTests {
    private static func sender(
        _ server: SMTPTestServer, _ security: SMTPServer.Security = .startTLS,
        password: String = SMTPTestServer.password,
        isTrusted: Bool = true, host: String = "localhost"
    ) -> SMTPSender {
        SMTPSender(
            server: SMTPServer(
                host: host, port: server.port, security: security, user: SMTPTestServer.user,
                password: SecretBytes(Array(password.utf8)), authorities: isTrusted ? server.certificate : nil),
            longest: SMTPTestServer.patience)
    }

    @Test(
        "a mail arrives whole, encrypted and signed in",
        arguments: [
            (SMTPTestServer.Security.startTLS, SMTPServer.Security.startTLS), (.implicitTLS, .implicitTLS),
        ])
    func whole(_ kind: SMTPTestServer.Security, _ security: SMTPServer.Security) async throws {
        let server = try await SMTPTestServer(kind)
        let text = "नमस्ते Asha,\n.\n..dots\nFrom here = there\n" + String(repeating: "long ", count: 60) + "\n"
        let message = try Sample.message(subject: "Ihr Termin — नमस्ते, um 9 Uhr 30 im Raum der großen Uhr", text: text)
        #expect(await Self.sender(server, security).send(message) == .sent)
        let mail = try await server.next()
        #expect(mail.isEncrypted)
        #expect(mail.user == SMTPTestServer.user)
        #expect(mail.from == "no-reply@clinic.example")
        #expect(mail.to == ["asha@example.org"])
        #expect(mail.header("Subject") == message.subject)
        #expect(mail.header("From") == "CareSync Clinic <no-reply@clinic.example>")
        #expect(mail.header("Message-ID") == "<00ff00ff00ff00ff@clinic.example>")
        #expect(mail.header("Date") == "Tue, 10 Mar 2026 04:00:00 +0000")
        #expect(mail.header("Content-Type")?.hasPrefix("multipart/alternative") == true)
        #expect(mail.text?.replacingOccurrences(of: "\r\n", with: "\n") == text)
        #expect(mail.html?.contains("<p>Hello</p>") == true)
        #expect(mail.defects.isEmpty)
    }

    @Test("mails that leave at the same time arrive, each at its own recipient")
    func atOnce() async throws {
        let server = try await SMTPTestServer(.startTLS)
        let sender = Self.sender(server)
        let names = (0..<8).map { "patient\($0)" }
        let outcomes = try await withThrowingTaskGroup(of: MailOutcome.self) { group in
            for name in names {
                let message = try Sample.message(to: "\(name)@example.org", text: "Hello \(name)\n")
                group.addTask { await sender.send(message) }
            }
            return try await group.reduce(into: [MailOutcome]()) { $0.append($1) }
        }
        #expect(outcomes == names.map { _ in .sent })
        var arrived: [String: String] = [:]
        for _ in names {
            let mail = try await server.next()
            arrived[mail.to.joined()] = mail.text?.replacingOccurrences(of: "\r\n", with: "\n")
        }
        #expect(arrived == Dictionary(uniqueKeysWithValues: names.map { ("\($0)@example.org", "Hello \($0)\n") }))
    }

    @Test(
        "what the server says decides what becomes of the mail",
        arguments: [
            ("later", MailOutcome.temporaryFailure(code: "SMTP_451")), ("refused", .permanentFailure(code: "SMTP_550")),
            ("rejected", .permanentFailure(code: "SMTP_554")), ("full", .temporaryFailure(code: "SMTP_452")),
        ])
    func replies(_ recipient: String, _ outcome: MailOutcome) async throws {
        let server = try await SMTPTestServer(.startTLS)
        #expect(await Self.sender(server).send(try Sample.message(to: "\(recipient)@example.org")) == outcome)
    }

    @Test("a server that takes the mail and says nothing leaves its fate unknown")
    func vanishing() async throws {
        let server = try await SMTPTestServer(.startTLS)
        let outcome = await Self.sender(server).send(try Sample.message(to: "vanishing@example.org"))
        guard case .unknown = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try await server.next().to == ["vanishing@example.org"])
    }

    @Test("a wrong password is not tried again")
    func wrongPassword() async throws {
        let server = try await SMTPTestServer(.startTLS)
        let outcome = await Self.sender(server, password: "wrong").send(try Sample.message())
        #expect(outcome == .permanentFailure(code: "SMTP_535"))
    }

    @Test("nothing is said to a server that offers no encryption, or whose certificate is not trusted")
    func encryption() async throws {
        let plain = try await SMTPTestServer(.none)
        let stripped = SMTPSender(
            server: SMTPServer(
                host: "localhost", port: plain.port, security: .startTLS, user: SMTPTestServer.user,
                password: SecretBytes(Array(SMTPTestServer.password.utf8))), longest: SMTPTestServer.patience)
        #expect(await stripped.send(try Sample.message()) == .temporaryFailure(code: "SMTP_CURL_64"))

        let server = try await SMTPTestServer(.startTLS)
        let untrusting = await Self.sender(server, isTrusted: false).send(try Sample.message(subject: "first"))
        #expect(untrusting == .temporaryFailure(code: "SMTP_CURL_60"))
        // Neither was received: the first mail there is this one.
        #expect(await Self.sender(server).send(try Sample.message(subject: "second")) == .sent)
        #expect(try await server.next().header("Subject") == "second")
    }

    @Test("a server that is not there is tried again later")
    func absent() async throws {
        let sender = SMTPSender(server: SMTPServer(host: "127.0.0.1", port: 1, security: .startTLS))
        #expect(await sender.send(try Sample.message()) == .temporaryFailure(code: "SMTP_CURL_7"))
    }

    @Test("without a reply, the last byte decides between later and unknown")
    func outcomes() {
        #expect(
            SMTPSender.outcome(CURLE_OPERATION_TIMEDOUT, 354, isHandedOver: false)
                == .temporaryFailure(code: "SMTP_CURL_28"))
        #expect(
            SMTPSender.outcome(CURLE_OPERATION_TIMEDOUT, 354, isHandedOver: true)
                == .unknown(code: "SMTP_CURL_28"))
        #expect(SMTPSender.outcome(CURLE_RECV_ERROR, 451, isHandedOver: true) == .temporaryFailure(code: "SMTP_451"))
    }
}
