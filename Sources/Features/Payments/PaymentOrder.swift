package import CareSyncCore
package import FeatureContract

/// What a payment is made of.
package struct PaymentOrder: Sendable {
    package var payable: PayableID?
    package var patient: PatientID
    package var type: PaymentType
    package var method: PaymentMethod
    package var amount: Money
    package var description: String
    package var upiID: String?
    package var cardLastFour: String?
    package var cardNetwork: String?
    package var terms: CancellationTerms
    /// Of principal, route, Idempotency-Key and body; a repetition goes on with the same payment.
    package var requestKey: [UInt8]?

    package init(
        payable: PayableID?, patient: PatientID, type: PaymentType, method: PaymentMethod, amount: Money,
        description: String, upiID: String? = nil, cardLastFour: String? = nil, cardNetwork: String? = nil,
        terms: CancellationTerms = .none, requestKey: [UInt8]? = nil
    ) {
        self.payable = payable
        self.patient = patient
        self.type = type
        self.method = method
        self.amount = amount
        self.description = description
        self.upiID = upiID
        self.cardLastFour = cardLastFour
        self.cardNetwork = cardNetwork
        self.terms = terms
        self.requestKey = requestKey
    }
}

/// What other features show of a payment.
package struct PaymentSummary: Sendable, Equatable {
    package let id: PaymentID
    package let transactionID: String
    package let status: PaymentStatus
    package let refundStatus: RefundStatus
    /// For the checkout; both `nil` before the order is made.
    package let razorpayOrderID: String?
    package let razorpayKeyID: String?
}
