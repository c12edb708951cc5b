package import CareSyncCore
package import FeatureContract
import Persistence

package enum PaymentTag {}
package typealias PaymentID = ID<PaymentTag>

/// What a payment is for, by the words of the contract.
package enum PaymentType: String, Codable, Sendable, CaseIterable, SQLConvertible, ColumnValue {
    case labTest = "LAB_TEST"
    case appointment = "APPOINTMENT"
    case consultation = "CONSULTATION"
    case medicine = "MEDICINE"
    case healthCheckup = "HEALTH_CHECKUP"
    case subscription = "SUBSCRIPTION"
    case other = "OTHER"

    /// The types of payments that may pay for a kind of payable.
    package static func paying(for kind: PayableKind) -> [PaymentType] {
        switch kind {
        case .appointment: [.appointment, .consultation]
        case .labBooking: [.labTest]
        }
    }
}

/// How somebody wants to pay. The wire knows two more, which are refused.
package enum PaymentMethod: String, Codable, Sendable, CaseIterable, SQLConvertible, ColumnValue {
    case upi = "UPI"
    case card = "CARD"
    case qrCode = "QR_CODE"
}

/// Where a payment stands (rules/payments).
package enum PaymentStatus: String, Codable, Sendable, CaseIterable, SQLConvertible, ColumnValue {
    case pending = "PENDING"
    /// Authorised, and not captured yet.
    case processing = "PROCESSING"
    /// Captured.
    case success = "SUCCESS"
    case failed = "FAILED"
    case cancelled = "CANCELLED"
    case refunded = "REFUNDED"
    case partialRefund = "PARTIAL_REFUND"

    /// Waits for its money.
    package var isOpen: Bool { self == .pending || self == .processing }
    /// The money has come, whatever went back since.
    package var isPaid: Bool { self == .success || self == .refunded || self == .partialRefund }
}

package enum RefundStatus: String, Codable, Sendable, CaseIterable, SQLConvertible, ColumnValue {
    case notRefunded = "NOT_REFUNDED"
    case pending = "REFUND_PENDING"
    case processing = "REFUND_PROCESSING"
    case refunded = "REFUNDED"
    case failed = "REFUND_FAILED"
}

/// A row of `payments`; description and UPI id are still sealed.
struct Payment: RowDecodable, Equatable {
    let id: PaymentID
    let transactionID: String
    let patientID: PatientID
    let type: PaymentType
    let method: PaymentMethod
    let amount: Money
    let status: PaymentStatus
    let sealedDescription: [UInt8]
    let sealedUPIID: [UInt8]?
    let cardLastFour: String?
    let cardNetwork: String?
    let payable: PayableID?
    /// As they were when it was made.
    let terms: CancellationTerms
    /// The vendor's order; `nil` before it could be made, and for what costs nothing.
    let orderID: String?
    let orderAttempts: Int
    let failureReason: String?
    /// What went back, as the vendor has confirmed.
    let refunded: Money
    let refundStatus: RefundStatus
    let receiptNumber: Int64?
    let createdAt: Instant
    let updatedAt: Instant
    /// When the money came.
    let completedAt: Instant?

    /// Of alias `y`.
    static let columns: SQL = """
        y.id, y.transaction_id, y.patient_id, y.type, y.method, y.amount, y.status, y.description, y.upi_id,
        y.card_last_four, y.card_network, y.payable_kind, y.payable_number, y.terms, y.order_id, y.order_attempts,
        y.failure_reason, y.refunded, y.refund_status, y.receipt_number, y.created_at, y.updated_at, y.completed_at
        """

    init(row: Row) throws {
        id = try row.value("id")
        transactionID = try row.value("transaction_id")
        patientID = try row.value("patient_id")
        type = try row.value("type")
        method = try row.value("method")
        amount = try row.value("amount")
        status = try row.value("status")
        sealedDescription = try row.value("description")
        sealedUPIID = try row.value("upi_id")
        cardLastFour = try row.value("card_last_four")
        cardNetwork = try row.value("card_network")
        let kind: PayableKind? = try row.value("payable_kind")
        let number: Int64? = try row.value("payable_number")
        if let kind, let number { payable = PayableID(kind, number) } else { payable = nil }
        terms = CancellationTerms(stored: try row.value("terms"))
        orderID = try row.value("order_id")
        orderAttempts = try row.value("order_attempts")
        failureReason = try row.value("failure_reason")
        refunded = try row.value("refunded")
        refundStatus = try row.value("refund_status")
        receiptNumber = try row.value("receipt_number")
        createdAt = try row.value("created_at")
        updatedAt = try row.value("updated_at")
        completedAt = try row.value("completed_at")
    }
}
