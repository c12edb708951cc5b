import CareSyncCore
import Concurrency
import FeatureContract
import Persistence

/// Gives what patients have paid before they booked to the appointments they booked then, just behind the bookings
/// (rules/payments 8). Any number of nodes may do it.
struct LinkingWorker: Sendable {
    let desk: PaymentDesk
    private var context: PaymentContext { desk.context }

    private static let job = "payment.link"
    /// Payments that one round looks at.
    private static let most = 500

    func run() async throws {
        await PeriodicTask("payments: linking", every: .seconds(1), logger: context.logger) { try await round() }.run()
    }

    /// One look at everything that may have been booked since.
    func round() async throws {
        guard let payable = context.payables[.appointment] else { return }
        let waiting = try await context.database.read { db in
            let unlinked = try PaymentRepository(db: db)
                .listUnlinked(since: db.now - PaymentDesk.linkingTime, limit: Self.most)
            return try unlinked.compactMap { try number(for: $0, payable, db) }
        }
        for (payment, number) in waiting {
            try await context.database.write { db in
                let id = PayableID(.appointment, number)
                guard let state = try payable.lock(number, db), state.standing == .due,
                    state.patient == payment.patientID, state.amount == payment.amount
                else { return }
                _ = try desk.link(
                    id, of: state.patient, amount: state.amount, origin: .system(Self.job), db)
            }
        }
    }

    /// What the patient has booked since they paid.
    private func number(
        for payment: Payment, _ payable: any Payable, _ db: any Connection
    ) throws -> (payment: Payment, number: Int64)? {
        guard payment.amount > .zero, let paidAt = payment.completedAt else { return nil }
        return try payable.unpaid(of: payment.patientID, amount: payment.amount, since: paidAt, db)
            .map { (payment, $0) }
    }
}
