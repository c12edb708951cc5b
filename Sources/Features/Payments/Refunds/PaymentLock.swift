import CareSyncCore
import FeatureContract
import Persistence

/// Locks payments behind the rows of what they pay for (rules/persistence 4).
struct PaymentLock {
    let context: PaymentContext
    let db: any Connection

    /// The payment as it is under the lock; `nil` when there is none.
    func lock(_ id: PaymentID) throws -> Payment? {
        let payments = PaymentRepository(db: db)
        guard let seen = try payments.find(id) else { return nil }
        try lock(seen.payable)
        guard let locked = try payments.lock(id) else { return nil }
        // It was given to something between the two looks. Whoever waits for us in turn is undone and repeated.
        if locked.payable != seen.payable { try lock(locked.payable) }
        return locked
    }

    private func lock(_ payable: PayableID?) throws {
        guard let payable, let kind = context.payables[payable.kind] else { return }
        _ = try kind.lock(payable.number, db)
    }
}
