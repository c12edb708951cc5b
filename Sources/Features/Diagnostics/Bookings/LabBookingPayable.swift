import AuditTrail
package import CareSyncCore
package import FeatureContract
package import Persistence

/// Lab bookings, as payments know them.
package struct LabBookingPayable: Payable {
    package static let kind = PayableKind.labBooking

    package init() {}

    package func find(_ number: Int64, _ db: any Connection) throws -> PayableState? {
        try LabBookingID(checking: number).flatMap { try LabBookingRepository(db: db).find($0) }.map(Self.state)
    }

    package func lock(_ number: Int64, _ db: any Connection) throws -> PayableState? {
        try LabBookingID(checking: number).flatMap { try LabBookingRepository(db: db).lock($0) }.map(Self.state)
    }

    package func settle(_ number: Int64, origin: RequestOrigin, _ db: any Connection) throws -> Bool {
        guard let booking = try LabBookingRepository(db: db).find(LabBookingID(number)), booking.status == .pending
        else { return false }
        try LabBookingChanges.move(booking, to: .completed, by: origin, db)
        Self.audit(booking, .completed, origin, db)
        return true
    }

    package func refunded(_ number: Int64, _ db: any Connection) throws {
        guard let booking = try LabBookingRepository(db: db).lock(LabBookingID(number)), booking.status == .completed
        else { return }
        let origin = RequestOrigin.system("payment.refund")
        try LabBookingChanges.move(booking, to: .refunded, by: origin, db)
        Self.audit(booking, .refunded, origin, db)
    }

    /// Nothing: a booking that was made without a payment is paid when its patient pays for it (rules/lab-bookings 5).
    package func unpaid(
        of patient: PatientID, amount: Money, since: Instant, _ db: any Connection
    ) throws -> Int64? { nil }

    package func isVisible(_ number: Int64, to doctor: DoctorID, _ db: any Connection) throws -> Bool {
        try LabBookingID(checking: number).flatMap { try LabBookingRepository(db: db).find($0) }?.doctorID == doctor
    }

    private static func state(_ booking: LabBooking) -> PayableState {
        PayableState(
            patient: booking.patientID, amount: booking.totalPrice,
            standing: standing(booking.status), heldUntil: nil, terms: .none, title: "Laboratory tests")
    }

    private static func standing(_ status: LabBookingStatus) -> PayableState.Standing {
        switch status {
        case .pending: .due
        case .completed: .paid
        case .cancelled, .refunded: .over
        }
    }

    private static func audit(
        _ booking: LabBooking, _ status: LabBookingStatus, _ origin: RequestOrigin, _ db: any Connection
    ) {
        db.audit(
            AuditEntry(
                .updatePHI, "lab_bookings", "\(booking.id)", by: origin, patient: booking.patientID,
                reason: status.rawValue))
    }
}
