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
            let hasChanged = try Self.update(doctor, isVerified, by: admin.userID, db)
            if !hasChanged, try !db.exists("SELECT id FROM doctors WHERE id = \(doctor)") {
                throw DoctorError.notFound
            }
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

    private static func update(
        _ doctor: DoctorID, _ isVerified: Bool, by admin: UserID, _ db: any Connection
    ) throws -> Bool {
        let now = db.now
        let changed = try db.run(
            """
            UPDATE doctors SET is_verified = \(isVerified), verified_at = \(isVerified ? now : nil),
                               verified_by = \(isVerified ? admin : nil), version = version + 1, updated_at = \(now)
            WHERE id = \(doctor) AND is_verified <> \(isVerified)
            """)
        return changed > 0
    }
}
