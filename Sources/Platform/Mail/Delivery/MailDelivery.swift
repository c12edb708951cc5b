import CareSyncCore
import Outbox
import Persistence

/// A row of `mail_deliveries`: what has become of one mail. It holds no text, and of the recipient only a mask.
struct MailDelivery: RowDecodable, Equatable {
    enum Status: String, Sendable, CaseIterable {
        /// Waits for another try.
        case queued = "QUEUED"
        /// Recorded before the mail leaves: after a crash nobody can know whether it did.
        case sending = "SENDING"
        case sent = "SENT"
        case failed = "FAILED"
        /// It may have been sent; an administrator decides whether it is sent again.
        case unknown = "UNKNOWN"
    }

    let id: Int64
    let status: Status
    let createdAt: Instant

    init(row: Row) throws {
        id = try row.value("id")
        let status: String = try row.value("status")
        self.status = Status(rawValue: status) ?? .unknown
        createdAt = try row.value("created_at")
    }
}

struct MailDeliveryRepository {
    let db: any Connection
    private static let columns: SQL = "id, status, created_at"

    func find(_ attempt: JobAttempt) throws -> MailDelivery? {
        try db.first("SELECT \(Self.columns) FROM mail_deliveries WHERE outbox_id = \(attempt.id)")
    }

    /// The row of the message, made with the first try.
    func begin(
        _ attempt: JobAttempt, _ name: MailName, to recipient: MailAddress, at now: Instant
    ) throws -> MailDelivery {
        let delivery: MailDelivery? = try db.first(
            """
            INSERT INTO mail_deliveries (outbox_id, template, recipient, status, attempts, created_at, updated_at)
            VALUES (\(attempt.id), \(name.text), \(recipient.masked), 'SENDING', 1, \(now), \(now))
            ON CONFLICT (outbox_id) DO UPDATE
            SET status = 'SENDING', attempts = mail_deliveries.attempts + 1, recipient = \(recipient.masked),
                updated_at = \(now)
            RETURNING \(Self.columns)
            """)
        guard let delivery else { throw DatabaseFailure.other(code: "no delivery") }
        return delivery
    }

    /// Notes what has become of a try, unless it is known already that the mail was sent.
    func settle(_ attempt: JobAttempt, _ status: MailDelivery.Status, code: String?) throws {
        let now = db.scope.services.time.now
        try db.run(
            """
            UPDATE mail_deliveries SET status = \(status.rawValue), error_code = \(code), updated_at = \(now),
                                       sent_at = \(status == .sent ? now : nil)
            WHERE outbox_id = \(attempt.id) AND status <> 'SENT'
            """)
    }
}
