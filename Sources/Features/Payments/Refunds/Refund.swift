import CareSyncCore
import Persistence

/// Why money goes back; stored with the refund.
enum RefundReason: String, Sendable, CaseIterable {
    /// The patient cancelled, and the terms give this much.
    case endedByPatient = "ENDED_BY_PATIENT"
    case endedByClinic = "ENDED_BY_CLINIC"
    /// Paid for something that was then never booked.
    case unclaimed = "UNCLAIMED"
    case admin = "ADMIN"
    /// Made at the vendor, and not by us.
    case vendor = "VENDOR"
}

/// A row of `refunds`, without the sealed note of who asked for it.
struct Refund: RowDecodable, Equatable {
    let id: Int64
    /// `nil` for one of money that belongs to no payment.
    let paymentID: PaymentID?
    let gatewayPaymentID: String
    let amount: Money
    let key: String
    let status: RefundStatus
    /// `nil` until the vendor has answered, or told of it.
    let gatewayRefundID: String?
    let createdAt: Instant

    /// Nobody calls the vendor for it: a person hands the money back.
    var isByHand: Bool { gatewayPaymentID.hasPrefix(Capture.manualPrefix) }
    var isOpen: Bool { status == .pending || status == .processing }

    static let columns: SQL = "id, payment_id, gateway_payment_id, amount, key, status, gateway_refund_id, created_at"

    init(row: Row) throws {
        id = try row.value("id")
        paymentID = try row.value("payment_id")
        gatewayPaymentID = try row.value("gateway_payment_id")
        amount = try row.value("amount")
        key = try row.value("key")
        status = try row.value("status")
        gatewayRefundID = try row.value("gateway_refund_id")
        createdAt = try row.value("created_at")
    }
}

extension RefundStatus {
    /// Later news never lowers it: what was processed stays so, whatever comes behind.
    var rank: Int {
        switch self {
        case .notRefunded, .pending: 0
        case .processing: 1
        case .failed: 2
        case .refunded: 3
        }
    }
}
