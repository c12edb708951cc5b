package import CareSyncCore
package import FeatureContract
package import Persistence

/// Where a held appointment can be paid for; `nil` when it can only be done after signing in.
package typealias PayLink = @Sendable (AppointmentID) -> String?

/// Money of patients that came before they booked, as the feature that keeps it knows it (rules/holds-and-payment 8).
package struct Prepayment: Sendable {
    /// Rows, as part of a statement, when a patient has money of this amount that belongs to nothing and may still pay for
    /// an appointment; found by one look into an index.
    let rows: @Sendable (PatientID, Money, Instant) -> SQL?
    /// Pays for an appointment with it and settles it; `false` when the money is gone. The appointment is locked.
    let link: @Sendable (PayableID, PatientID, Money, RequestOrigin, any Connection) throws -> Bool

    package init(
        rows: @escaping @Sendable (PatientID, Money, Instant) -> SQL?,
        link: @escaping @Sendable (PayableID, PatientID, Money, RequestOrigin, any Connection) throws -> Bool
    ) {
        self.rows = rows
        self.link = link
    }

    /// Nobody pays before booking.
    package static let none = Prepayment(rows: { _, _, _ in nil }, link: { _, _, _, _, _ in false })
}
