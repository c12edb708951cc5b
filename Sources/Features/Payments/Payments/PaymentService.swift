import AuditTrail
import CareSyncCore
import FeatureContract
import Persistence

/// Makes payments. What is stored comes first, then the vendor is asked, then the answer is kept (rules/payments 2).
struct PaymentService: Sendable {
    let context: PaymentContext
    let desk: PaymentDesk
    private var opening: PaymentOpening { PaymentOpening(context: context) }

    typealias Made = Replayable<ShownPayment>

    /// Begins a payment, or goes on with the one that is there.
    ///
    /// - Parameter payable: what it is for; `nil` for what belongs to nothing yet.
    func pay(
        _ request: PaymentRequest, for payable: PayableID?, origin: RequestOrigin, once: Idempotency<ShownPayment>?
    ) async throws -> Made {
        let once = once.map(desk.guarded)
        if let once, let earlier = try await context.database.earlierAnswer(to: once) { return earlier }
        let id: PaymentID
        do {
            id = try await reserve(request, for: payable, origin: origin, key: once.map(desk.requestKey))
        } catch {
            return try await kept(error, once)
        }
        try await desk.placeOrder(id)
        guard let once else { return .fresh(try await context.database.read { db in try made(id, db) }) }
        return try await context.database.write(idempotency: once) { db in try made(id, db) }
    }

    private func made(_ id: PaymentID, _ db: any Connection) throws -> ShownPayment {
        var shown = try opening.shown(id, db)
        shown.isNew = true
        return shown
    }

    /// Keeps a refusal under the request's key, if the same request would be refused again.
    private func kept(_ error: any Error, _ once: Idempotency<ShownPayment>?) async throws -> Made {
        guard let once, error is any FailureCatalogue || error is Problem else { throw error }
        return try await context.database.write(idempotency: once) { _ in throw error }
    }

    private func reserve(
        _ request: PaymentRequest, for payable: PayableID?, origin: RequestOrigin, key: [UInt8]?
    ) async throws -> PaymentID {
        let order = try request.order(for: payable, requestKey: key)
        if order.amount != .zero, context.gateway == nil { throw PaymentError.notConfigured }
        return try await context.database.write { db in
            var order = order
            if let key, let known = try desk.reserved(under: key, db) { return known.payment }
            if let payable {
                order.terms = try check(payable, order, db).terms
            } else if try !db.exists("SELECT 1 FROM patients WHERE id = \(order.patient)") {
                throw PaymentError.patientNotFound
            }
            return try desk.reserve(order, origin: origin, db)
        }
    }

    /// What is to be paid, with its rows locked, when it can be paid by this order.
    private func check(_ id: PayableID, _ order: PaymentOrder, _ db: any Connection) throws -> PayableState {
        guard let state = try context.payable(id).lock(id.number, db), state.patient == order.patient else {
            throw PaymentError.payableNotFound
        }
        switch state.standing {
        case .due: break
        case .paid: throw PaymentError.active
        case .over: throw PaymentError.notPayable
        }
        guard state.amount == order.amount else { throw PaymentError.amountMismatch }
        return state
    }

    /// Ends a payment that waits for its money. What it is for stays as it is.
    func cancel(_ transaction: String, by reader: PaymentReader, origin: RequestOrigin) async throws {
        try await context.database.write { db in
            let payments = PaymentRepository(db: db)
            guard let seen = try payments.find(transaction: transaction), try reader.maySee(seen, context, db) else {
                throw PaymentError.notFound
            }
            if let payable = seen.payable { _ = try context.payable(payable).lock(payable.number, db) }
            guard let payment = try payments.lock(seen.id), payment.status.isOpen else { throw PaymentError.notOpen }
            let isOwner = reader.isOwner(of: payment)
            try payments.cancel(
                payment.id, reason: isOwner ? FailureReason.byPatient : FailureReason.byClinic)
            db.audit(
                AuditEntry(
                    isOwner ? .updatePHI : .adminAction, "payments", "\(payment.id)", by: origin,
                    patient: payment.patientID, before: payment.status.rawValue,
                    after: PaymentStatus.cancelled.rawValue))
        }
    }

    /// Gives a captured payment that belongs to nothing to something that waits for just this money. Repeating it does no
    /// harm.
    func link(
        _ transaction: String, to payable: PayableID, by reader: PaymentReader, origin: RequestOrigin
    ) async throws {
        try await context.database.write { db in
            let payments = PaymentRepository(db: db)
            guard let payment = try payments.find(transaction: transaction), try reader.maySee(payment, context, db)
            else { throw PaymentError.notFound }
            guard let state = try context.payable(payable).lock(payable.number, db),
                state.patient == payment.patientID
            else { throw PaymentError.payableNotFound }
            if payment.payable == payable, payment.status.isPaid { return }
            guard state.standing == .due else { throw PaymentError.notPayable }
            _ = try desk.link(
                payable, of: state.patient, amount: state.amount, transaction: transaction, origin: origin, db)
        }
    }
}
