import CareSyncCore
package import Cryptography
package import Logging
package import Outbox
package import Persistence

/// Sends the mails of the outbox.
///
/// SENDING is durable before a mail leaves, and SENT afterwards. A worker that finds SENDING sends again only through
/// an idempotent sender; otherwise the mail may have arrived, and an administrator decides.
package struct MailDeliveryHandler: Sendable {
    /// The steps between which a crash can fall; tests stop there.
    package enum Step: Sendable, CaseIterable {
        /// Claimed; nothing is written.
        case claimed
        /// SENDING is durable; the mail has not left.
        case recorded
        /// The mail has left; nothing says so.
        case sent
    }

    package typealias Hook = @Sendable (_ step: Step) async throws -> Void

    /// 12 tries over about a day, the first ones soon, because people wait for most mails.
    private static let retry = RetryPolicy(attempts: 12, firstDelay: .seconds(10), longestDelay: .hours(6))

    private let database: any Database
    private let sender: any MailSender
    private let from: MailSenderAddress
    private let names: OpaqueIDs
    private let kinds: [MailName: (template: CompiledTemplate, compose: MailKind.Compose)]
    private let logger: Logger
    private let hook: Hook

    /// Two features that send mails of one name.
    package struct DuplicateName: Error, CustomStringConvertible {
        let name: String
        package var description: String { "Two parts of the program send mails of the name \(name)." }
    }

    /// Throws when a template cannot be parsed, and ``DuplicateName``.
    package init(
        database: any Database, sender: any MailSender, from: MailSenderAddress, rootSecret: RootSecret,
        kinds: [MailKind], logger: Logger, hook: @escaping Hook = { _ in }
    ) throws {
        self.database = database
        self.sender = sender
        self.from = from
        names = OpaqueIDs(rootSecret.derive(.mailName))
        var compiled: [MailName: (template: CompiledTemplate, compose: MailKind.Compose)] = [:]
        for kind in kinds {
            if compiled.keys.contains(where: { $0.text == kind.name.text }) {
                throw DuplicateName(name: kind.name.text)
            }
            compiled[kind.name] = (try CompiledTemplate(kind.template), kind.compose)
        }
        self.kinds = compiled
        self.logger = logger
        self.hook = hook
    }

    package var handlers: [JobHandler] {
        [
            .effect(UrgentMailJob.self, isUrgent: true, retry: Self.retry) { job, attempt in
                try await deliver(job.order, attempt)
            },
            .effect(MailJob.self, retry: Self.retry) { job, attempt in try await deliver(job.order, attempt) },
        ]
    }

    private enum Beginning: Sendable {
        case leave(MailMessage)
        case over(EffectResult)
    }

    private func deliver(_ order: MailOrder, _ attempt: JobAttempt) async throws -> EffectResult {
        try await hook(.claimed)
        switch try await database.write({ db in try begin(order, attempt, db) }) {
        case .over(let result): return result
        case .leave(let message):
            try await hook(.recorded)
            let outcome = await sender.send(message)
            try await hook(.sent)
            return result(of: outcome, attempt)
        }
    }

    /// Records that the mail leaves now, unless it must not.
    private func begin(_ order: MailOrder, _ attempt: JobAttempt, _ db: any Connection) throws -> Beginning {
        let now = db.scope.services.time.now
        let deliveries = MailDeliveryRepository(db: db)
        switch try deliveries.find(attempt)?.status {
        case .sent: return .over(.done())
        case .sending where !sender.isIdempotent:
            logger.error("mail: an interrupted mail may have been sent", metadata: ["outbox": "\(attempt.id)"])
            return .over(note(attempt, .unknown, code: "INTERRUPTED", parking: "MAIL_OUTCOME_UNKNOWN"))
        // UNKNOWN and FAILED messages are parked, so an administrator has asked for another try.
        case .sending, .queued, .failed, .unknown, nil: break
        }
        guard let kind = kinds[order.name] else { return .over(.parked("MAIL_TEMPLATE_UNKNOWN")) }
        guard let draft = try kind.compose(order, db) else { return .over(.done()) }
        let delivery = try deliveries.begin(attempt, order.name, to: draft.recipient, at: now)
        if let end = draft.validUntil, end <= now {
            try deliveries.settle(attempt, .failed, code: "EXPIRED")
            return .over(.done())
        }
        do {
            let content = try kind.template.render(draft.values)
            let message = try MailMessage(
                id: try names.name(of: delivery.id), from: from, to: draft.recipient, subject: content.subject,
                text: content.text, html: content.html, date: delivery.createdAt)
            try db.renew(attempt)
            return .leave(message)
        } catch is MailFault {
            try deliveries.settle(attempt, .failed, code: "MAIL_NOT_RENDERED")
            return .over(.parked("MAIL_NOT_RENDERED"))
        }
    }

    private func result(of outcome: MailOutcome, _ attempt: JobAttempt) -> EffectResult {
        switch outcome {
        case .sent: return note(attempt, .sent)
        case .temporaryFailure(let code):
            return .failed(code) { db in
                try MailDeliveryRepository(db: db).settle(attempt, attempt.isLast ? .failed : .queued, code: code)
            }
        // Without a provider there is nothing an administrator could retry.
        case .permanentFailure("MAIL_UNAVAILABLE"): return note(attempt, .failed, code: "MAIL_UNAVAILABLE")
        case .permanentFailure(let code): return note(attempt, .failed, code: code, parking: code)
        case .unknown(let code): return note(attempt, .unknown, code: code, parking: code)
        }
    }

    /// What is written about the mail together with the end of its message.
    private func note(
        _ attempt: JobAttempt, _ status: MailDelivery.Status, code: String? = nil, parking reason: String? = nil
    ) -> EffectResult {
        let write: @Sendable (any Connection) throws -> Void = { db in
            try MailDeliveryRepository(db: db).settle(attempt, status, code: code)
        }
        guard let reason else { return .done(write) }
        logger.error(
            "mail: given up",
            metadata: ["outbox": "\(attempt.id)", "status": "\(status.rawValue)", "code": "\(reason)"])
        return .parked(reason, write)
    }
}
