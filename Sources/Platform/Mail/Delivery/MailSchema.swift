import CareSyncCore
package import Outbox
package import Persistence

/// The fate of mails.
package enum MailSchema {
    package static let migrations: [Migration] = [
        Migration("mail/deliveries") { d in
            [
                """
                CREATE TABLE mail_deliveries (
                    id \(d.identity),
                    outbox_id \(d.integer) NOT NULL,
                    template \(d.text) NOT NULL,
                    recipient \(d.text) NOT NULL,
                    status \(d.text) NOT NULL,
                    attempts \(d.integer) NOT NULL DEFAULT 0,
                    error_code \(d.text),
                    created_at \(d.instant) NOT NULL,
                    updated_at \(d.instant) NOT NULL,
                    sent_at \(d.instant),
                    CONSTRAINT mail_deliveries_once UNIQUE (outbox_id),
                    CONSTRAINT mail_deliveries_status_known
                        CHECK (status IN ('QUEUED', 'SENDING', 'SENT', 'FAILED', 'UNKNOWN'))
                )\(d.strict)
                """,
                "CREATE INDEX mail_deliveries_age ON mail_deliveries (created_at)",
            ]
        }
    ]

    /// The archive answers for a quarter of a year whether and when somebody was written to.
    package static let retentionRules: [RetentionRule] = [
        RetentionRule(table: "mail_deliveries") { now in "created_at < \(now - .days(90))" }
    ]
}
