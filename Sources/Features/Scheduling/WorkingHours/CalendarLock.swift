import CareSyncCore
import Persistence

/// Locks a doctor's calendar for a change: hours, leaves and moves lock the doctor's row exclusively before they read,
/// and bookings share it or lock it (rules/persistence 4).
enum CalendarLock {
    /// One row, or none for an unknown doctor.
    static func statement(_ doctor: DoctorID, _ dialect: Dialect) -> SQL {
        "SELECT d.id FROM doctors d WHERE d.id = \(doctor)\(dialect.forUpdate(of: "d"))"
    }

    /// Whether the doctor exists.
    @discardableResult
    static func take(_ doctor: DoctorID, _ db: any Connection) throws -> Bool {
        try db.exists(statement(doctor, db.dialect))
    }
}
