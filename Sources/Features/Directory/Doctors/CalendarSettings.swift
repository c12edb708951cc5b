package import CareSyncCore
package import Persistence

/// How a doctor's time is cut into slots and paid for: columns of the doctor's row. Scheduling sets them together with the
/// working hours, and only through ``store(at:_:)``.
package struct CalendarSettings: RowDecodable, Equatable {
    package let doctorID: DoctorID
    /// 15, 20, 30, 45 or 60.
    package var slotMinutes: Int
    /// 0 to 120, as the other one.
    package var bufferBeforeMinutes: Int
    package var bufferAfterMinutes: Int
    /// 0 to 20,160.
    package var minimumNoticeMinutes: Int
    /// 1 to 366.
    package var horizonDays: Int
    package var paymentChoice: PaymentChoice
    /// What patients are told; ``PaymentPolicy/free`` for a doctor without a fee.
    package var paymentPolicy: PaymentPolicy { isFree ? .free : paymentChoice.policy }
    /// Rises with every change of hours and settings.
    package private(set) var version: Int64
    private let isFree: Bool

    private static let columns: SQL = """
        d.id, d.slot_minutes, d.buffer_before_minutes, d.buffer_after_minutes, d.minimum_notice_minutes, d.horizon_days,
        d.payment_policy, d.hours_version, \(PaymentPolicy.isFree) AS is_free
        """

    package init(row: Row) throws {
        doctorID = try row.value("id")
        slotMinutes = try row.value("slot_minutes")
        bufferBeforeMinutes = try row.value("buffer_before_minutes")
        bufferAfterMinutes = try row.value("buffer_after_minutes")
        minimumNoticeMinutes = try row.value("minimum_notice_minutes")
        horizonDays = try row.value("horizon_days")
        paymentChoice = try row.value("payment_policy")
        version = try row.value("hours_version")
        isFree = try row.value("is_free")
    }

    /// The statement that reads them; no row for an unknown doctor.
    package static func find(_ doctor: DoctorID) -> SQL {
        "SELECT \(columns) FROM doctors d WHERE d.id = \(doctor)"
    }

    /// Stores them under the next version, so that users of cached ones can tell. The caller holds the lock of the
    /// doctor's calendar.
    package mutating func store(at now: Instant, _ db: any Connection) throws {
        version += 1
        try db.run(
            """
            UPDATE doctors
            SET slot_minutes = \(slotMinutes), buffer_before_minutes = \(bufferBeforeMinutes),
                buffer_after_minutes = \(bufferAfterMinutes), minimum_notice_minutes = \(minimumNoticeMinutes),
                horizon_days = \(horizonDays), payment_policy = \(paymentChoice), hours_version = \(version),
                updated_at = \(now)
            WHERE id = \(doctorID)
            """)
    }
}

/// Whether a doctor who has a fee wants to be paid before the visit.
package enum PaymentChoice: String, Codable, Sendable, CaseIterable, SQLConvertible, ColumnValue {
    case payLater = "PAY_LATER"
    case prepay = "PREPAY"

    var policy: PaymentPolicy {
        switch self {
        case .payLater: .payLater
        case .prepay: .prepay
        }
    }
}

/// Whether a booking waits for payment.
package enum PaymentPolicy: String, Codable, Sendable, CaseIterable, SQLConvertible, ColumnValue {
    case payLater = "PAY_LATER"
    case prepay = "PREPAY"
    /// The doctor has no fee. It is never stored.
    case free = "FREE"

    static let isFree: SQL = "coalesce(d.consultation_fee, 0) = 0"

    /// Of alias `d` (doctors).
    package static let column: SQL = "CASE WHEN \(isFree) THEN 'FREE' ELSE d.payment_policy END"
}
