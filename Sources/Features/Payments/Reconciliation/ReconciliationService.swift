import AuditTrail
import CareSyncCore
import Concurrency
import Persistence

/// The reconciliation that somebody asks for.
struct ReconciliationService: Sendable {
    let context: PaymentContext

    struct Outcome: Sendable {
        let report: Reconciliation.Report
        /// Whether everything was looked at; the rest follows by itself.
        let isComplete: Bool
        let review: [ReviewItem]
    }

    /// What takes longer is answered all the same (rules/refunds 7).
    private static let limit = Duration.seconds(12)
    /// No new calls after this.
    private static let working = Duration.seconds(8)

    /// Looks at everything that is not final, whatever its age.
    func reconcile(by origin: RequestOrigin) async throws -> Outcome {
        guard context.gateway != nil else { throw PaymentError.notConfigured }
        // However the request ends, it was made.
        try await context.database.write { db in
            db.audit(AuditEntry(.adminAction, "payments", "", by: origin, reason: "RECONCILED"))
        }
        let made: (report: Reconciliation.Report, isComplete: Bool)?
        do {
            made = try await within(Self.limit) { try await everything(until: .now + Self.working) }
        } catch Reconciliation.Stopped.gatewayBusy {
            throw PaymentError.gatewayBusy
        } catch Reconciliation.Stopped.gatewayUnavailable {
            throw PaymentError.gatewayUnavailable
        }
        guard let made else { throw PaymentError.gatewayUnavailable }
        let review = try await context.database.read { try ReviewList(db: $0).find() }
        return Outcome(report: made.report, isComplete: made.isComplete, review: review)
    }

    private func everything(
        until end: ContinuousClock.Instant
    ) async throws -> (report: Reconciliation.Report, isComplete: Bool) {
        let reconciliation = Reconciliation(context: context)
        var (report, cursor) = try await reconciliation.open(minimumAge: .seconds(0), until: end)
        guard cursor == nil else { return (report, false) }
        let closed = try await reconciliation.closed(until: end)
        report += closed.report
        cursor = closed.cursor
        return (report, cursor == nil)
    }
}
