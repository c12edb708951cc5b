package import CareSyncCore
package import FeatureContract
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
    /// What patients who cancel get back.
    package var cancellationTerms: CancellationTerms
    /// Rises with every change of hours and settings, but not of what follows.
    package private(set) var version: Int64
    /// Zero for a doctor without one.
    package let fee: Money
    /// Whether the doctor takes appointments: active and verified.
    package let isBookable: Bool

    /// What patients are told; ``PaymentPolicy/free`` for a doctor without a fee.
    package var paymentPolicy: PaymentPolicy { fee == .zero ? .free : paymentChoice.policy }

    /// Of alias `d` (doctors).
    package static let columns: SQL = """
        d.id, d.slot_minutes, d.buffer_before_minutes, d.buffer_after_minutes, d.minimum_notice_minutes, d.horizon_days,
        d.payment_policy, d.cancellation_terms, d.hours_version, \(PaymentPolicy.fee) AS fee,
        d.is_active AND d.is_verified AS is_bookable
        """

    /// Nothing in place of the columns behind the id, in further parts of a union.
    package static let noColumns: SQL = "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"

    package init(row: Row) throws {
        doctorID = try row.value("id")
        slotMinutes = try row.value("slot_minutes")
        bufferBeforeMinutes = try row.value("buffer_before_minutes")
        bufferAfterMinutes = try row.value("buffer_after_minutes")
        minimumNoticeMinutes = try row.value("minimum_notice_minutes")
        horizonDays = try row.value("horizon_days")
        paymentChoice = try row.value("payment_policy")
        cancellationTerms = CancellationTerms(stored: try row.value("cancellation_terms"))
        version = try row.value("hours_version")
        fee = try row.value("fee")
        isBookable = try row.value("is_bookable")
    }

    /// The statement that reads them; no row for an unknown doctor.
    package static func find(_ doctor: DoctorID) -> SQL {
        "SELECT \(columns) FROM doctors d WHERE d.id = \(doctor)"
    }

    package static func find(_ doctors: [DoctorID]) -> SQL {
        "SELECT \(columns) FROM doctors d WHERE d.id IN \(in: doctors)"
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
                horizon_days = \(horizonDays), payment_policy = \(paymentChoice),
                cancellation_terms = \(cancellationTerms.stored), hours_version = \(version), updated_at = \(now)
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

    /// Of alias `d` (doctors).
    package static let fee: SQL = "coalesce(d.consultation_fee, 0)"

    /// Of alias `d` (doctors).
    package static let column: SQL = "CASE WHEN \(fee) = 0 THEN 'FREE' ELSE d.payment_policy END"
}
