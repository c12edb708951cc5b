import CareSyncCore
import CareSyncTesting
import Cryptography
import Foundation
import Outbox
import Persistence
import Testing

@testable import Mail

@Suite("Mail delivery")
struct DeliveryTests {
    /// Answers what it is told to, in order.
    private actor Scripted: MailSender {
        nonisolated let isIdempotent = false
        private var outcomes: [MailOutcome]
        private(set) var messages: [MailMessage] = []

        init(_ outcomes: [MailOutcome]) { self.outcomes = outcomes }

        func send(_ message: MailMessage) async -> MailOutcome {
            messages.append(message)
            return outcomes.isEmpty ? .sent : outcomes.removeFirst()
        }
    }

    @Test("a mail is a file with its text, named by the message", arguments: DatabaseKind.available)
    func folder(_ kind: DatabaseKind) async throws {
        try await MailBench.run(kind, .folder) { bench in
            try await bench.worker().runAll()
            let files = try bench.files()
            #expect(files.count == 1)
            let text = try #require(files.first)
            #expect(text.contains("To: <asha@example.org>\r\n"))
            #expect(text.contains("\r\n\r\nHello Asha\r\n"))
            #expect(try await bench.status() == "SENT")
            let masked: String? = try await bench.database.read { db in
                try db.value("SELECT recipient FROM mail_deliveries")
            }
            #expect(masked == "a***@example.org")
        }
    }

    @Test("a temporary failure is tried again under the same name, then parked", arguments: DatabaseKind.available)
    func temporary(_ kind: DatabaseKind) async throws {
        try await MailBench.run(kind, .folder) { bench in
            let sender = Scripted(Array(repeating: .temporaryFailure(code: "SMTP_451"), count: 12))
            let worker = try bench.worker(sender)
            for attempt in 1...12 {
                #expect(try await worker.runOnce() == 1)
                #expect(try await bench.status() == (attempt < 12 ? "QUEUED" : "FAILED"))
                bench.time.advance(by: .hours(6))
            }
            #expect(try await worker.runOnce() == 0)
            #expect(try await bench.outboxState() == "parked SMTP_451")
            #expect(Set(await sender.messages.map(\.messageID)).count == 1)
        }
    }

    @Test(
        "a permanent failure and an unknown outcome are parked at once", arguments: DatabaseKind.available,
        [
            MailOutcome.permanentFailure(code: "SMTP_550"), .unknown(code: "SMTP_CURL_28"),
        ])
    func parked(_ kind: DatabaseKind, _ outcome: MailOutcome) async throws {
        try await MailBench.run(kind, .folder) { bench in
            let sender = Scripted([outcome])
            let worker = try bench.worker(sender)
            try await worker.runAll()
            bench.time.advance(by: .days(2))
            try await worker.runAll()
            #expect(await sender.messages.count == 1)
            let isUnknown = outcome == .unknown(code: "SMTP_CURL_28")
            #expect(try await bench.status() == (isUnknown ? "UNKNOWN" : "FAILED"))
            #expect(try await bench.outboxState() == (isUnknown ? "parked SMTP_CURL_28" : "parked SMTP_550"))
        }
    }

    @Test("a worker that has lost its claim does not begin", arguments: DatabaseKind.available)
    func lostClaim(_ kind: DatabaseKind) async throws {
        try await MailBench.run(kind, .folder) { bench in
            let sender = Scripted([])
            let other = try bench.worker(sender)
            let slow = try bench.worker(sender) { step in
                guard step == .claimed else { return }
                // While it hesitates, its claim runs out and another carries the message out.
                bench.time.advance(by: .seconds(61))
                try await other.runAll()
            }
            #expect(try await slow.runOnce() == 1)
            #expect(await sender.messages.count == 1)
            #expect(try await bench.outboxState() == "done")
        }
    }

    @Test("without a provider a mail is archived as failed and waits for nobody", arguments: DatabaseKind.available)
    func noProvider(_ kind: DatabaseKind) async throws {
        try await MailBench.run(kind, .folder) { bench in
            try await bench.worker(UnavailableSender()).runAll()
            #expect(try await bench.status() == "FAILED")
            #expect(try await bench.outboxState() == "done")
        }
    }
}
