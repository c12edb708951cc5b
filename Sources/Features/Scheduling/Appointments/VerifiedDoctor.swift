package import CareSyncCore
package import Persistence

/// Unverified doctors see no patients, and decide nothing for the clinic.
package enum VerifiedDoctor {
    /// Throws ``SchedulingError/doctorNotVerified``.
    package static func require(_ doctor: DoctorID, _ db: any Connection) throws {
        let isVerified: Bool? = try db.value("SELECT is_verified FROM doctors WHERE id = \(doctor)")
        guard isVerified == true else { throw SchedulingError.doctorNotVerified }
    }
}
