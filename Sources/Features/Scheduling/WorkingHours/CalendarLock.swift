import CareSyncCore
import Persistence

/// Takes a doctor's calendar for a change: hours, leaves and moves take the doctor's row for themselves before they look,
/// and bookings share it or take it (RULINGS A2).
enum CalendarLock {
    /// One row, or none when there is no such doctor.
    static func statement(_ doctor: DoctorID, _ dialect: Dialect) -> SQL {
        "SELECT d.id FROM doctors d WHERE d.id = \(doctor)\(dialect.forUpdate(of: "d"))"
    }

    /// Whether there is such a doctor.
    @discardableResult
    static func take(_ doctor: DoctorID, _ db: any Connection) throws -> Bool {
        try db.exists(statement(doctor, db.dialect))
    }
}
