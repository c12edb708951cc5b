import CareSyncCore
import CareSyncTesting
import Cryptography
import Foundation
import Logging
import Outbox
import Persistence
import Testing

@testable import Mail

/// A worker that dies at every step between 'the mail's row is written' and 'the mail is sent', and one that comes after it.
@Suite("Mail and crashes")
struct DeliveryCrashTests {
    enum Provider: String, CaseIterable, Sendable {
        case folder, smtp
    }

    struct Case: Sendable, CustomStringConvertible {
        let database: DatabaseKind
        let provider: Provider
        let step: MailDeliveryHandler.Step

        var description: String { "\(database) \(provider) \(step)" }

        static let all = DatabaseKind.available.flatMap { database in
            Provider.allCases.flatMap { provider in
                MailDeliveryHandler.Step.allCases.map { Case(database: database, provider: provider, step: $0) }
            }
        }
    }

    @Test("a mail is sent once, or at most once where the provider cannot tell, and then flagged", arguments: Case.all)
    func crash(_ test: Case) async throws {
        try await MailBench.run(test.database, test.provider) { bench in
            try await bench.crash(at: test.step)
            try await bench.worker().runAll()

            let isUncertain = test.provider == .smtp && (test.step == .recorded || test.step == .sent)
            let arrived = test.provider == .smtp && test.step == .recorded ? 0 : 1
            #expect(try await bench.arrived() == arrived)
            #expect(try await bench.status() == (isUncertain ? "UNKNOWN" : "SENT"))
            #expect(try await bench.outboxState() == (isUncertain ? "parked MAIL_OUTCOME_UNKNOWN" : "done"))

            // However long it takes, nothing is sent again by itself.
            bench.time.advance(by: .days(2))
            try await bench.worker().runAll()
            #expect(try await bench.arrived() == arrived)

            guard isUncertain else { return }
            // An administrator decides.
            _ = try await bench.database.write { db in try OutboxAdministration(db: db).retry(1) }
            try await bench.worker().runAll()
            #expect(try await bench.arrived() == arrived + 1)
            #expect(try await bench.status() == "SENT")
            #expect(try await bench.outboxState() == "done")
        }
    }

    /// Treats a mail server as idempotent.
    private struct Careless: MailSender {
        let base: any MailSender
        let isIdempotent = true
        func send(_ message: MailMessage) async -> MailOutcome { await base.send(message) }
    }

    @Test("control: without the record, a crash after the sending sends twice", arguments: DatabaseKind.available)
    func control(_ kind: DatabaseKind) async throws {
        try await MailBench.run(kind, .smtp) { bench in
            try await bench.crash(at: .sent)
            try await bench.worker(Careless(base: bench.sender)).runAll()
            #expect(try await bench.arrived() == 2)
        }
    }
}

/// A database with one mail in its outbox, and a way to send it.
struct MailBench: Sendable {
    private static let greeting = MailName("greeting")
    let database: any Database
    let time: ManualTime
    let sender: any MailSender
    private let folder: String?
    private let server: SMTPTestServer?
    /// Marks sent, and mails seen between them.
    private let marks = Counter()
    private let seen = Counter()

    private final actor Counter {
        var count = 0
        func add() -> Int {
            count += 1
            return count
        }
    }

    static func run(
        _ kind: DatabaseKind, _ provider: DeliveryCrashTests.Provider,
        _ body: @escaping @Sendable (MailBench) async throws -> Void
    ) async throws {
        let time = ManualTime()
        let server = provider == .smtp ? try await SMTPTestServer(.startTLS) : nil
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mails-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }  // It may never have been made.
        let sender: any MailSender =
            if let server {
                SMTPSender(
                    server: SMTPServer(
                        host: "localhost", port: server.port, security: .startTLS, user: SMTPTestServer.user,
                        password: SecretBytes(Array(SMTPTestServer.password.utf8)), authorities: server.certificate),
                    longest: SMTPTestServer.patience)
            } else {
                OutboxFolderSender(folder: folder)
            }
        try await withDatabase(
            kind, migrations: (TestSchema.platform + MailSchema.migrations), services: .testing(time: time)
        ) { database in
            try await database.write { db in try db.enqueue(MailOrder(Self.greeting, about: "account/1")) }
            try await body(
                MailBench(
                    database: database, time: time, sender: sender, folder: server == nil ? folder : nil,
                    server: server))
        }
    }

    func worker(
        _ sender: (any MailSender)? = nil, hook: @escaping MailDeliveryHandler.Hook = { _ in }
    ) throws -> OutboxWorker {
        let greeting = MailKind(
            Self.greeting, MailTemplate(subject: "Hello", text: "Hello {{name}}\n", html: "<p>Hello {{name}}</p>")
        ) { _, _ in MailAddress("asha@example.org").map { MailKind.MailDraft(to: $0, ["name": "Asha"]) } }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        guard let from = Sample.from else { throw MailFault.missingValue("from") }
        let delivering = try MailDeliveryHandler(
            database: database, sender: sender ?? self.sender, from: from,
            rootSecret: try RootSecret(Array("a root secret of thirty-two bytes".utf8)), kinds: [greeting],
            logger: logger, hook: hook)
        return OutboxWorker(database: database, handlers: delivering.handlers, batchSize: 1, logger: logger)
    }

    /// A worker comes as far as the step and never goes on; its claim runs out.
    func crash(at step: MailDeliveryHandler.Step) async throws {
        let (reached, reach) = AsyncStream.makeStream(of: Void.self)
        let worker = try worker { at in
            guard at == step else { return }
            reach.yield()
            // Until the test is over; a dead worker does not come back within a day either.
            try await Task.sleep(for: .seconds(86_400))
        }
        let dying = Task { try await worker.runOnce() }
        for await _ in reached { break }
        time.advance(by: .seconds(61))
        _ = dying  // Left where it stands.
    }

    /// How many have arrived.
    func arrived() async throws -> Int {
        // The folder is made with the first mail.
        if let folder { return (try? FileManager.default.contentsOfDirectory(atPath: folder).count) ?? 0 }
        guard let server else { return -1 }
        // What stands before this one has arrived.
        let mark = "mark \(await marks.add())"
        #expect(await sender.send(try Sample.message(subject: mark)) == .sent)
        var count = await seen.count
        while try await server.next().header("Subject") != mark { count = await seen.add() }
        return count
    }

    /// The mails in the folder.
    func files() throws -> [String] {
        guard let folder else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map {
            try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
        }
    }

    func status() async throws -> String? {
        try await database.read { db in try db.value("SELECT status FROM mail_deliveries") }
    }

    func outboxState() async throws -> String? {
        try await database.read { db in
            try db.value(
                """
                SELECT CASE WHEN done_at IS NOT NULL THEN 'done'
                            WHEN parked_at IS NOT NULL THEN 'parked ' || last_error ELSE 'pending' END FROM outbox
                """)
        }
    }
}

extension OutboxWorker {
    /// Until nothing is due.
    func runAll() async throws {
        while try await runOnce() > 0 {}
    }
}
