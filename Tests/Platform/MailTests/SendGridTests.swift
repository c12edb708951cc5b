import CareSyncTesting
import Cryptography
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import Testing

@testable import Mail

/// Speaks the wire format of SendGrid's mail API.
private final class SendGridStandIn: Sendable {
    struct Request: Sendable {
        let authorization: String?
        let body: String
    }

    private let state = Mutex<(requests: [Request], status: HTTPResponse.Status)>(([], .accepted))

    var requests: [Request] { state.withLock { $0.requests } }

    /// Runs `body` with the address of a server that answers with a status.
    static func run(
        _ status: HTTPResponse.Status = .accepted,
        _ body: @escaping @Sendable (SendGridStandIn, String) async throws -> Void
    ) async throws {
        let standIn = SendGridStandIn()
        standIn.state.withLock { $0.status = status }
        let router = Router()
        router.post("v3/mail/send") { request, _ in
            let text = String(buffer: try await request.body.collect(upTo: 1 << 20))
            let status = standIn.state.withLock { state in
                state.requests.append(Request(authorization: request.headers[.authorization], body: text))
                return state.status
            }
            guard status.code >= 400 else { return Response(status: status) }
            return Response(
                status: status,
                body: .init(byteBuffer: ByteBuffer(string: #"{"errors":[{"message":"no","field":null,"help":null}]}"#)))
        }
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in listening.yield(channel.localAddress?.port ?? 0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            for await port in ports {
                try await body(standIn, "http://127.0.0.1:\(port)")
                break
            }
            group.cancelAll()
        }
    }
}

@Suite("SendGrid")
struct SendGridTests {
    private static func sender(_ base: String) -> SendGridSender {
        SendGridSender(key: SecretBytes(Array("SG.key".utf8)), base: base)
    }

    @Test("a mail is posted in the form the API wants, untracked")
    func form() async throws {
        try await SendGridStandIn.run { standIn, base in
            let message = try Sample.message(subject: "Ihr Termin — 9:30", text: "Hallo\n", html: "<p>Hallo</p>")
            #expect(await Self.sender(base).send(message) == .sent)
            let request = try #require(standIn.requests.first)
            #expect(request.authorization == "Bearer SG.key")
            #expect(
                request.body == """
                    {"content":[{"type":"text/plain","value":"Hallo\\n"},{"type":"text/html","value":"<p>Hallo</p>"}],\
                    "from":{"email":"no-reply@clinic.example","name":"CareSync Clinic"},\
                    "headers":{"Auto-Submitted":"auto-generated","Message-ID":"<00ff00ff00ff00ff@clinic.example>"},\
                    "personalizations":[{"to":[{"email":"asha@example.org"}]}],"subject":"Ihr Termin — 9:30",\
                    "tracking_settings":{"click_tracking":{"enable":false},"open_tracking":{"enable":false}}}
                    """)
        }
    }

    @Test(
        "the status decides what becomes of the mail",
        arguments: [
            (400, MailOutcome.permanentFailure(code: "SENDGRID_400")), (401, .permanentFailure(code: "SENDGRID_401")),
            (403, .permanentFailure(code: "SENDGRID_403")), (413, .permanentFailure(code: "SENDGRID_413")),
            (429, .temporaryFailure(code: "SENDGRID_429")), (500, .temporaryFailure(code: "SENDGRID_500")),
            (503, .temporaryFailure(code: "SENDGRID_503")),
        ])
    func statuses(_ status: Int, _ outcome: MailOutcome) async throws {
        try await SendGridStandIn.run(HTTPResponse.Status(code: status)) { _, base in
            let answered = await Self.sender(base).send(try Sample.message())
            #expect(answered == outcome)
        }
    }

    @Test("an API that is not there is tried again later")
    func absent() async throws {
        let outcome = await Self.sender("http://127.0.0.1:1").send(try Sample.message())
        #expect(outcome == .temporaryFailure(code: "SENDGRID_UNREACHABLE"))
    }

    @Test("a connection that ends after the mail leaves its fate unknown")
    func vanishing() async throws {
        let server = try ScriptedServer(.sendAndClose(""))
        let outcome = await Self.sender(server.address).send(try Sample.message())
        #expect(outcome == .unknown(code: "SENDGRID_NO_ANSWER"))
        #expect(server.requests.count == 1)
    }
}
