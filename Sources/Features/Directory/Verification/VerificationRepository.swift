import CareSyncCore
import Persistence

struct VerificationRepository {
    let db: any Connection

    /// Whether that was a change.
    func set(_ isVerified: Bool, for doctor: DoctorID, by admin: UserID) throws -> Bool {
        let now = db.now
        let changed = try db.run(
            """
            UPDATE doctors SET is_verified = \(isVerified), verified_at = \(isVerified ? now : nil),
                               verified_by = \(isVerified ? admin : nil), version = version + 1, updated_at = \(now)
            WHERE id = \(doctor) AND is_verified <> \(isVerified)
            """)
        return changed > 0
    }

    func exists(_ doctor: DoctorID) throws -> Bool {
        try db.exists("SELECT id FROM doctors WHERE id = \(doctor)")
    }
}
