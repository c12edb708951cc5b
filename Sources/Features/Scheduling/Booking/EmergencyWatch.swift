import AuditTrail
import CareSyncCore
import Outbox
import Persistence

/// The timer of an emergency: one that the doctor does not open in time reaches an administrator.
struct EmergencyEscalation: Job {
    static let kind = "emergency.escalate"
    let appointment: AppointmentID
    var key: String { "appointment/\(appointment)" }

    /// Opened means that the doctor has changed its status; an emergency that the nightly job made inactive is still
    /// unopened.
    func run(_ db: any Connection) throws {
        let unopened: AppointmentEffects.Subject? = try db.first(
            """
            SELECT \(AppointmentEffects.Subject.columns) FROM appointments
            WHERE id = \(appointment) AND is_emergency AND status = 'BOOKED'
            """)
        guard let unopened else { return }
        db.audit(
            AuditEntry(
                .adminAction, "appointments", "\(appointment)", by: .system(Self.kind), patient: unopened.patient,
                reason: "EMERGENCY_UNANSWERED"))
        try db.emit(
            EmergencyUnanswered(
                appointment: unopened.id, doctor: unopened.doctor, patient: unopened.patient, by: nil,
                at: db.scope.services.time.now))
    }
}
