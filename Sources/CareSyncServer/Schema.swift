import AuditTrail
import FeatureContract
import Mail
import Outbox
package import Persistence

/// The one order in which all tables are created. Each part brings its migrations; their order is decided here.
package enum Schema {
    /// Once a release is installed, entries are only added at the end.
    private static let order = [
        "platform/id-allocators", "platform/outbox", "platform/idempotency-keys", "platform/revocations",
        "platform/installation", "platform/audit-log",
        "mail/deliveries",
        "identity/accounts", "identity/sessions", "identity/address-blocks", "identity/sign-in-protection",
        "identity/second-factors", "identity/one-time-codes", "identity/email-changes",
        "directory/doctors", "directory/patients", "directory/reference-data", "directory/break-glass",
        "directory/key-rotations",
        "directory/consents",
        "scheduling/working-hours", "scheduling/leaves", "scheduling/appointments", "scheduling/holidays",
        "documents/documents", "documents/shares", "documents/stores",
        "records/medical-histories", "records/prescription-codes", "records/patient-health", "records/vitals",
        "reviews/reviews", "diagnostics/lab-tests", "diagnostics/lab-bookings",
        "payments/payments", "payments/captures", "payments/refunds", "payments/events", "payments/reconciliation",
        "payments/receipts",
    ]

    private static let parts: [[Migration]] =
        [PlatformSchema.migrations, OutboxSchema.migrations, AuditSchema.migrations, MailSchema.migrations]
        + FeatureList.all.map { $0.migrations }

    /// Every column that is sealed with patients' keys.
    static let sealedColumns = FeatureList.all.flatMap { $0.sealedColumns }

    /// Every migration in its place.
    ///
    /// Throws ``Mistake`` when a migration is not listed, or a listed one is missing.
    package static func ledger() throws -> [Migration] {
        let brought = Dictionary(parts.joined().map { ($0.name, $0) }) { first, _ in first }
        if let stray = brought.keys.filter({ !order.contains($0) }).min() { throw Mistake.noPlace(stray) }
        return try order.map { name in
            guard let migration = brought[name] else { throw Mistake.missing(name) }
            return migration
        }
    }

    package enum Mistake: Error, Equatable, CustomStringConvertible {
        case noPlace(String)
        case missing(String)

        package var description: String {
            switch self {
            case .noPlace(let name): "The migration \(name) has no place in the schema's ledger."
            case .missing(let name): "The schema's ledger names \(name), which no part provides."
            }
        }
    }
}
