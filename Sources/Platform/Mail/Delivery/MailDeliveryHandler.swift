import CareSyncCore
package import Cryptography
package import Logging
package import Outbox
package import Persistence

/// Carries out `mail.send` messages.
///
/// SENDING is durable before a mail leaves, and SENT after it. Whoever finds SENDING sends again only through a sender to
/// which twice is once; otherwise the mail may be there already, and an administrator decides.
package struct MailDeliveryHandler: Sendable {
    /// Between what a crash can fall; tests stop there.
    package enum Step: Sendable, CaseIterable {
        /// Claimed; nothing is written.
        case claimed
        /// SENDING is durable; the mail has not left.
        case recorded
        /// The mail has left; nothing says so.
        case sent
        /// SENT is durable; the message is not yet done.
        case settled
    }

    package typealias Hook = @Sendable (_ step: Step, _ item: OutboxItem) async throws -> Void

    /// 12 tries over about a day, the first of them soon: most mails are waited for.
    private static let retry = RetryPolicy(attempts: 12, firstDelay: .seconds(10), longestDelay: .hours(6))

    private let database: any Database
    private let sender: any MailSender
    private let from: MailSenderAddress
    private let names: OpaqueIDs
    private let kinds: [String: (template: CompiledTemplate, compose: MailKind.Compose)]
    private let logger: Logger
    private let hook: Hook

    /// Throws when a template cannot be parsed.
    package init(
        database: any Database, sender: any MailSender, from: MailSenderAddress, rootSecret: RootSecret,
        kinds: [MailKind], logger: Logger, hook: @escaping Hook = { _, _ in }
    ) throws {
        self.database = database
        self.sender = sender
        self.from = from
        names = OpaqueIDs(rootSecret.derive(.mailName))
        self.kinds = Dictionary(
            try kinds.map { ($0.name, (template: try CompiledTemplate($0.template), compose: $0.compose)) }
        ) { first, _ in first }
        self.logger = logger
        self.hook = hook
    }

    package var handler: OutboxHandler {
        .effect(OutboxMessage.mailKind, retry: Self.retry, deliver)
    }

    private enum Beginning: Sendable {
        case leave(MailMessage)
        /// Nobody to write to, too late, or sent before: the outbox message is done.
        case nothing
        case settled
    }

    private func deliver(_ item: OutboxItem) async throws {
        try await hook(.claimed, item)
        let beginning = try await database.write { db in try begin(item, db) }
        switch beginning {
        case .nothing: return
        case .settled: throw OutboxSettled()
        case .leave(let message):
            try await hook(.recorded, item)
            let outcome = await sender.send(message)
            try await hook(.sent, item)
            try await settle(item, outcome)
            try await hook(.settled, item)
        }
    }

    /// Records that the mail leaves now, unless it must not.
    private func begin(_ item: OutboxItem, _ db: any Connection) throws -> Beginning {
        let now = db.now
        let deliveries = MailDeliveryRepository(db: db)
        guard try db.holds(item) else { return .settled }
        switch try deliveries.find(item)?.status {
        case .sent: return .nothing
        case .sending where !sender.isIdempotent:
            try deliveries.settle(item, .unknown, code: "INTERRUPTED", at: now)
            try db.park(item, reason: "MAIL_OUTCOME_UNKNOWN")
            logger.error("mail: an interrupted mail may have been sent", metadata: ["outbox": "\(item.id)"])
            return .settled
        // UNKNOWN and FAILED messages are parked, so an administrator has asked for another try.
        case .sending, .queued, .failed, .unknown, nil: break
        }
        guard let kind = kinds[item.channel] else {
            try db.park(item, reason: "MAIL_TEMPLATE_UNKNOWN")
            return .settled
        }
        guard let letter = try kind.compose(item, db) else { return .nothing }
        let delivery = try deliveries.begin(item, to: letter.recipient, at: now)
        if let end = letter.validUntil, end <= now {
            try deliveries.settle(item, .failed, code: "EXPIRED", at: now)
            return .nothing
        }
        do {
            let content = try kind.template.render(letter.values)
            return .leave(
                try MailMessage(
                    id: try names.name(of: delivery.id), from: from, to: letter.recipient, subject: content.subject,
                    text: content.text, html: content.html, date: delivery.createdAt))
        } catch is MailFault {
            try deliveries.settle(item, .failed, code: "MAIL_NOT_RENDERED", at: now)
            try db.park(item, reason: "MAIL_NOT_RENDERED")
            return .settled
        }
    }

    private struct Failure: FailureCatalogue {
        let code: String
        var problem: Problem { Problem(.failedDependency, code, "The mail could not be handed over.") }
    }

    private func settle(_ item: OutboxItem, _ outcome: MailOutcome) async throws {
        switch outcome {
        case .sent: try await note(item, .sent, code: nil)
        case .temporaryFailure(let code):
            let isLast = item.attempts >= Self.retry.attempts
            try await note(item, isLast ? .failed : .queued, code: code)
            throw Failure(code: code)
        case .permanentFailure("MAIL_UNAVAILABLE"):
            // Without a provider there is nothing an administrator could retry.
            try await note(item, .failed, code: "MAIL_UNAVAILABLE")
        case .permanentFailure(let code):
            try await note(item, .failed, code: code, parking: true)
            throw OutboxSettled()
        case .unknown(let code):
            try await note(item, .unknown, code: code, parking: true)
            throw OutboxSettled()
        }
    }

    private func note(
        _ item: OutboxItem, _ status: MailDelivery.Status, code: String?, parking: Bool = false
    ) async throws {
        if parking, let code {
            logger.error(
                "mail: given up", metadata: ["outbox": "\(item.id)", "status": "\(status.rawValue)", "code": "\(code)"])
        }
        try await database.write { db in
            try MailDeliveryRepository(db: db).settle(item, status, code: code, at: db.now)
            if parking, let code { try db.park(item, reason: code) }
        }
    }
}
