import AuditTrail
import CareSyncCore
import Directory
import Outbox
import Persistence
import Scheduling

/// Books tests. Whatever route it comes by, a booking is made here (rules/lab-bookings 1).
struct LabBookingService: Sendable {
    let context: LabBookingContext

    /// A booking without a payment.
    func book(
        _ order: LabBookingOrder, by caller: Principal, origin: RequestOrigin,
        once idempotency: Idempotency<LabBookingView>?
    ) async throws -> Replayable<LabBookingView> {
        try await context.database.write(idempotency: idempotency) { [context] db in
            let id = try Self.make(order, request: nil, origin: origin, context, db)
            return try LabBookingOpening(context: context, db: db, reader: caller).find(id)
        }
    }

    /// The booking itself, in the caller's transaction, which has it locked from then on.
    static func make(
        _ order: LabBookingOrder, request: LabBookingRequestKey?, origin: RequestOrigin, _ context: LabBookingContext,
        _ db: any Connection
    ) throws -> LabBookingID {
        let reason = try permission(order, context, db)
        let bookings = LabBookingRepository(db: db)
        let tests = try offered(order, bookings)
        let total = try total(of: tests)
        let start = try start(of: order, context.zone, at: db.now)
        let key = try context.vault.key(for: order.patient, db)
        guard key.isUsable else { throw LabBookingError.patientErased }
        let id = LabBookingID(try db.nextID(LabBookingSchema.ids))
        let notes = try order.notes.map { try context.vault.seal($0, with: key, at: LabBooking.notesField(id)) }
        guard
            try bookings.insert(
                id, order, for: total, at: start, notes: notes, request: request,
                by: origin.principal?.username ?? "SYSTEM")
        else { throw IdempotencyError.inProgress }
        try bookings.insert(tests, of: id)
        db.audit(AuditEntry(.createPHI, "lab_bookings", "\(id)", by: origin, patient: order.patient, reason: reason))
        try db.emit(
            LabTestsBooked(
                booking: id, patient: order.patient, doctor: order.doctor, by: origin.principal?.userID, at: db.now))
        return id
    }

    /// Why a doctor may book for the patient, for the audit log.
    private static func permission(
        _ order: LabBookingOrder, _ context: LabBookingContext, _ db: any Connection
    ) throws -> String? {
        guard let doctor = order.doctor else { return nil }
        try VerifiedDoctor.require(doctor, db)
        guard let access = try context.care.access(of: doctor, to: order.patient, db: db) else {
            throw Problem.accessDenied
        }
        guard try LabBookingRepository(db: db).isActive(order.patient) == true else {
            throw LabBookingError.patientErased
        }
        return access.auditReason
    }

    /// In the order in which they were chosen. Each price is read once.
    private static func offered(
        _ order: LabBookingOrder, _ bookings: LabBookingRepository
    ) throws -> [LabBookingRepository.Offer] {
        if order.isFullBodyCheckup {
            let all = try bookings.allOffers()
            guard !all.isEmpty else { throw LabBookingError.nothingOffered }
            return all
        }
        let known = Dictionary(
            try bookings.offers(order.tests.compactMap(LabTestID.init(checking:))).map { ($0.id.rawValue, $0) }
        ) { first, _ in first }
        let missing = order.tests.filter { known[$0] == nil }
        guard missing.isEmpty else { throw LabBookingError.testsNotFound(missing) }
        let retired = order.tests.filter { known[$0]?.isActive == false }
        guard retired.isEmpty else { throw LabBookingError.testsInactive(retired) }
        return order.tests.compactMap { known[$0] }
    }

    private static func total(of tests: [LabBookingRepository.Offer]) throws -> Money {
        var total = Money.zero
        for test in tests {
            // Both are within the bounds of one price, so the sum does not overflow.
            total = total + test.price
            guard total <= LabBookingOrder.highestPrice else { throw LabBookingError.tooExpensive }
        }
        return total
    }

    private static func start(of order: LabBookingOrder, _ zone: ClinicZone, at now: Instant) throws -> Instant {
        guard let client = order.bookedFor else { return now }
        guard let start = zone.instant(of: client) else { throw LabBookingError.skippedTime }
        guard zone.date(at: start) >= zone.date(at: now) else { throw LabBookingError.pastDate }
        return start
    }
}
