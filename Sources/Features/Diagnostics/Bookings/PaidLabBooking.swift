import AuditTrail
import CareSyncCore
import FeatureContract
import Outbox
import Payments
import Persistence

/// Ends a booking whose payment never got an order, such as after a crash. Withdrawn when there is one.
struct UnplacedLabBooking: Job {
    static let kind = "lab-booking.unplaced"
    let booking: LabBookingID
    var key: String { LabBookingSubject.text(booking) }

    /// Longer than any call of the vendor takes.
    static let patience = TimeSpan.minutes(2)
}

/// What is booked and paid for in one request.
struct PaidLabBookingOrder: Sendable {
    let booking: LabBookingOrder
    let payment: PaymentOrder
    /// A captured payment that is to be used; without one the newest that fits.
    let transaction: String?
}

/// Books tests together with their payment (rules/lab-bookings 6): booking and payment are reserved in one transaction,
/// then the vendor is asked for an order, and then the answer is stored.
struct PaidLabBookingService: Sendable {
    let context: LabBookingContext

    /// A booking, and the payment whose order is still to be made.
    private struct Reserved: Sendable {
        let booking: LabBookingID
        let unplaced: PaymentID?
    }

    typealias Outcome = Replayable<LabBookingView>

    func book(
        _ order: PaidLabBookingOrder, by caller: Principal, origin: RequestOrigin, once: Idempotency<LabBookingView>?
    ) async throws -> Outcome {
        let once = once.map(context.desk.guarded)
        if let once, let earlier = try await context.database.earlierAnswer(to: once) { return earlier }
        let request = once.map { LabBookingRequestKey(context.desk.requestKey(of: $0)) }
        let reserved: Reserved
        do {
            reserved = try await context.database.write { db in try reserve(order, request, origin, db) }
        } catch {
            return try await kept(error, once)
        }
        try await place(reserved)
        return try await context.database.write(idempotency: once) { [context] db in
            try db.withdraw(UnplacedLabBooking(booking: reserved.booking))
            return try LabBookingOpening(context: context, db: db, reader: caller).find(reserved.booking)
        }
    }

    /// Keeps a refusal under the request's key, if the same request would be refused again.
    private func kept(_ error: any Error, _ once: Idempotency<LabBookingView>?) async throws -> Outcome {
        guard let once, error is any FailureCatalogue || error is Problem else { throw error }
        return try await context.database.write(idempotency: once) { _ in throw error }
    }

    // MARK: Reserving

    private func reserve(
        _ order: PaidLabBookingOrder, _ request: LabBookingRequestKey?, _ origin: RequestOrigin, _ db: any Connection
    ) throws -> Reserved {
        if let request, let made = try made(under: request, db) { return made }
        let id: LabBookingID
        do {
            id = try booked(order.booking, request, origin, db)
        } catch IdempotencyError.inProgress {
            // The same request has booked meanwhile, and was waited for.
            guard let request, let made = try made(under: request, db) else { throw IdempotencyError.inProgress }
            return made
        }
        let payable = PayableID(.labBooking, id.rawValue)
        var payment = order.payment
        payment.payable = payable
        guard try LabBookingRepository(db: db).find(id)?.totalPrice == payment.amount else {
            throw LabBookingError.amountMismatch
        }
        let linked = try context.desk.link(
            payable, of: payment.patient, amount: payment.amount, transaction: order.transaction, origin: origin, db)
        if linked != nil { return Reserved(booking: id, unplaced: nil) }
        let unplaced = try context.desk.reserve(payment, origin: origin, db)
        try db.enqueue(UnplacedLabBooking(booking: id), due: db.now + UnplacedLabBooking.patience)
        return Reserved(booking: id, unplaced: unplaced)
    }

    private func booked(
        _ order: LabBookingOrder, _ request: LabBookingRequestKey?, _ origin: RequestOrigin, _ db: any Connection
    ) throws -> LabBookingID {
        do {
            return try LabBookingService.make(order, request: request, origin: origin, context, db)
        } catch let refusal as LabBookingError {
            throw NestedRequest.named(refusal.problem, in: PaidLabBookingRequest.booking)
        }
    }

    /// What an earlier request under this key has made, while its answer would be kept.
    private func made(under request: LabBookingRequestKey, _ db: any Connection) throws -> Reserved? {
        let bookings = LabBookingRepository(db: db)
        guard let made = try bookings.made(under: request.key) else { return nil }
        guard made.createdAt + .hours(48) > db.now else {
            try bookings.forgetRequest(of: made.id)
            return nil
        }
        guard made.body == request.body else { throw IdempotencyError.keyReused }
        let number = made.id.rawValue
        return Reserved(
            booking: made.id, unplaced: try context.desk.summaries(of: .labBooking, [number], db)[number]?.id)
    }

    // MARK: The order

    private func place(_ reserved: Reserved) async throws {
        guard let unplaced = reserved.unplaced else { return }
        do {
            try await context.desk.placeOrder(unplaced)
        } catch {
            // After anything but a refusal it is not known what there is, and the timer decides.
            let problem = (error as? any FailureCatalogue)?.problem ?? error as? Problem
            guard problem?.kind == .failedDependency || problem?.kind == .tooManyRequests else { throw error }
            guard try await context.database.write({ db in try abandon(reserved.booking, db) }) else { return }
            throw error
        }
    }

    /// `false` when the payment has got its order meanwhile, or the booking has gone on otherwise.
    func abandon(_ id: LabBookingID, _ db: any Connection) throws -> Bool {
        guard let seen = try LabBookingRepository(db: db).find(id) else { return false }
        let booking = try LabBookingChanges.lock(seen, db)
        guard booking.status == .pending else { return booking.status == .cancelled }
        let payment = try context.desk.summaries(of: .labBooking, [id.rawValue], db)[id.rawValue]
        guard payment?.razorpayOrderID == nil else { return false }
        let origin = RequestOrigin.system(UnplacedLabBooking.kind)
        try LabBookingChanges.move(booking, to: .cancelled, by: origin, db)
        // The same request may be tried again, and then books anew.
        try LabBookingRepository(db: db).forgetRequest(of: id)
        try LabBookingChanges.end(booking, by: .clinic, origin, db)
        db.audit(
            AuditEntry(
                .updatePHI, "lab_bookings", "\(id)", by: origin, patient: booking.patientID,
                reason: LabBookingStatus.cancelled.rawValue))
        return true
    }
}
