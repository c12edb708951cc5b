import CareSyncCore
import Persistence

/// A sum that has come in: a row of `payment_captures`.
struct Capture: RowDecodable, Equatable {
    enum State: String, Sendable, CaseIterable, SQLConvertible, ColumnValue {
        /// Pays its payment.
        case confirmed = "CONFIRMED"
        /// Nothing needs it; it goes back whole.
        case returned = "RETURNED"
        /// A person must decide.
        case review = "REVIEW"
    }

    /// In paise; more than the most that a payment can be is no sum that anybody has paid.
    static let amounts: ClosedRange<Int64> = 1...9_999_999_999

    let gatewayPaymentID: String
    let paymentID: PaymentID?
    let amount: Money
    let state: State
    let reason: String?
    let capturedAt: Instant

    /// What is entered by hand has this before the bank's reference.
    static let manualPrefix = "manual-"
    var isManual: Bool { gatewayPaymentID.hasPrefix(Self.manualPrefix) }

    static let columns: SQL = "gateway_payment_id, payment_id, amount, state, reason, captured_at"

    init(row: Row) throws {
        gatewayPaymentID = try row.value("gateway_payment_id")
        paymentID = try row.value("payment_id")
        amount = try row.value("amount")
        state = try row.value("state")
        reason = try row.value("reason")
        capturedAt = try row.value("captured_at")
    }
}
