import AuditTrail
import CareSyncCore
import Directory
import Documents
import FeatureContract
import Outbox
import Payments
import Persistence

/// What becomes of bookings (rules/lab-bookings 4). Every change holds the patient's row and the booking's.
struct LabBookingChanges: Sendable {
    let context: LabBookingContext

    /// By a doctor or an administrator. Only administrators complete a booking without a payment, and say why.
    func changeStatus(
        of id: LabBookingID, to target: LabBookingStatus, because reason: String?, by caller: Principal,
        origin: RequestOrigin
    ) async throws -> LabBookingView {
        try await context.database.write { [context] db in
            let (row, grounds) = try LabBookingAccess(context: context).find(id, for: caller, db)
            let isCompletion = caller.role == .admin && target == .completed
            guard !isCompletion || reason != nil else { throw LabBookingError.reasonRequired }
            let booking = try Self.lock(row.booking, db)
            guard booking.status == .pending, isCompletion || target == .cancelled else {
                throw LabBookingError.illegalTransition
            }
            try Self.move(booking, to: target, by: origin, db)
            if target == .cancelled {
                try Self.end(booking, by: .clinic, origin, db)
            } else {
                try context.desk.endOpen(of: PayableID(.labBooking, id.rawValue), db)
            }
            let isAdmin = caller.role == .admin
            db.audit(
                AuditEntry(
                    isAdmin ? .adminAction : .updatePHI, "lab_bookings", "\(id)", by: origin,
                    patient: booking.patientID, reason: (isAdmin ? reason : nil) ?? grounds,
                    before: booking.status.rawValue, after: target.rawValue))
            return try LabBookingOpening(context: context, db: db, reader: caller).find(id)
        }
    }

    /// By its patient. One that is paid goes back as long as there is no report, and stays COMPLETED until the money is
    /// back.
    func cancel(_ id: LabBookingID, by caller: Principal, origin: RequestOrigin) async throws -> LabBookingView {
        try await context.database.write { [context] db in
            let (row, _) = try LabBookingAccess(context: context).find(id, for: caller, db)
            let booking = try Self.lock(row.booking, db)
            switch booking.status {
            case .pending: try Self.move(booking, to: .cancelled, by: origin, db)
            case .completed: try giveBack(booking, db)
            case .cancelled, .refunded: throw LabBookingError.illegalTransition
            }
            try Self.end(booking, by: .patient, origin, db)
            db.audit(
                AuditEntry(
                    .updatePHI, "lab_bookings", "\(id)", by: origin, patient: booking.patientID,
                    reason: LabBookingStatus.cancelled.rawValue))
            return try LabBookingOpening(context: context, db: db, reader: caller).find(id)
        }
    }

    /// What came in at the desk does not go back by itself.
    private func giveBack(_ booking: LabBooking, _ db: any Connection) throws {
        let number = booking.id.rawValue
        let status = try context.desk.summaries(of: .labBooking, [number], db)[number]?.status
        guard booking.returnedAt == nil, status == .success || status == .partialRefund
        else { throw LabBookingError.illegalTransition }
        guard try !context.documents.hasLabReport(ofBooking: number, db) else { throw LabBookingError.reported }
        try LabBookingRepository(db: db).markReturned(booking)
    }

    // MARK: Parts

    /// The booking as it stays until the end of the transaction; a report that is being filed is waited for.
    static func lock(_ seen: LabBooking, _ db: any Connection) throws -> LabBooking {
        try ProfileFiles.lock(seen.patientID, db)
        guard let booking = try LabBookingRepository(db: db).lock(seen.id) else { throw LabBookingError.notFound }
        return booking
    }

    /// Of a locked booking.
    static func move(
        _ booking: LabBooking, to status: LabBookingStatus, by origin: RequestOrigin, _ db: any Connection
    ) throws {
        try LabBookingRepository(db: db).changeStatus(
            of: booking, to: status, by: origin.principal?.username ?? "SYSTEM")
        try db.emit(
            LabBookingStatusChanged(
                booking: booking.id, patient: booking.patientID, from: booking.status, to: status,
                by: origin.principal?.userID, at: db.now))
    }

    /// Payments hear of it: open ones end, and what was paid goes back, all of it, because a booking has no time of its own.
    static func end(
        _ booking: LabBooking, by side: PayableEnded.Side, _ origin: RequestOrigin, _ db: any Connection
    ) throws {
        try db.emit(
            PayableEnded(
                PayableID(.labBooking, booking.id.rawValue), by: side, startsAt: nil, origin: origin))
    }
}
