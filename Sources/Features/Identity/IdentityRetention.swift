import CareSyncCore
import Outbox
import Persistence

/// How long this feature keeps rows that are no longer used.
enum IdentityRetention {
    static let all: [RetentionRule] = [
        // Codes, verifications and links count for a day at most.
        RetentionRule(table: "one_time_codes") { now in "created_at < \(now - .hours(48))" },
        // A quota is one of an hour.
        RetentionRule { now, _ in "DELETE FROM code_quotas WHERE last_at < \(now - .hours(2))" },
        // The mail about a change has left long before.
        RetentionRule(table: "email_changes") { now in "changed_at < \(now - .days(30))" },
        // For a month an ended session tells why it ended; its refresh tokens are part of its row.
        RetentionRule(table: "sessions") { now in "ended_at < \(now - .days(30))" },
    ]
}
