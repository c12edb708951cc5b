import AuditTrail
package import CareSyncCore
import Identity
import Mail
import Persistence

/// An administrator has verified a doctor, or has withdrawn that.
package struct DoctorVerificationChanged: DomainEvent, Equatable {
    package let doctor: DoctorID
    package let isVerified: Bool
    package let by: UserID
}

struct VerificationService: Sendable {
    let database: any Database
    let settlement: AppointmentSettlement

    /// Setting the present value changes nothing, but is audited all the same. How many coming appointments a doctor
    /// has, or had, who is not verified.
    func set(
        _ isVerified: Bool, for doctor: DoctorID, appointments handling: AffectedHandling = .keep,
        by admin: Principal, origin: RequestOrigin
    ) async throws -> Int {
        try await database.write { db in
            let doctors = VerificationRepository(db: db)
            let hasChanged = try doctors.set(isVerified, for: doctor, by: admin.userID)
            if !hasChanged, try !doctors.exists(doctor) { throw DoctorError.notFound }
            db.audit(
                AuditEntry(
                    .adminAction, "doctors", String(doctor.rawValue), by: origin,
                    reason: isVerified ? "VERIFIED" : "UNVERIFIED", before: Self.state(isVerified != hasChanged),
                    after: Self.state(isVerified)))
            if hasChanged {
                try db.enqueue(VerificationMail.order(doctor, isVerified, at: db.now))
                try db.emit(DoctorVerificationChanged(doctor: doctor, isVerified: isVerified, by: admin.userID))
            }
            return try isVerified ? 0 : settlement(.doctor(doctor), handling, hasChanged, origin, db)
        }
    }

    private static func state(_ isVerified: Bool) -> String { isVerified ? "VERIFIED" : "UNVERIFIED" }
}
