import CareSyncCore
import Persistence

/// Moves one appointment to another status, whoever does it and why: the row, what the change leaves behind, and the end
/// of what was to be paid.
enum StatusChange {
    /// - Parameters:
    ///   - appointment: locked.
    ///   - sealed: why it was cancelled.
    static func apply(
        _ target: AppointmentStatus, to appointment: Appointment, because sealed: [UInt8]? = nil,
        by origin: RequestOrigin, _ db: any Connection
    ) throws {
        try AppointmentRepository(db: db).changeStatus(
            of: appointment, to: target, by: origin.principal?.username ?? "SYSTEM", at: db.now,
            cancellationReason: target.isCancelled ? sealed : nil)
        try AppointmentEffects.statusChanged(
            AppointmentEffects.Subject(appointment), from: appointment.status, to: target, by: origin, db)
    }
}
