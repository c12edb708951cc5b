/// An order, as the vendor shows it. Fields that nobody needs are not read.
package struct RazorpayOrder: Decodable, Sendable, Equatable {
    package enum Status: String, Decodable, Sendable {
        case created, attempted, paid
    }

    package let id: String
    /// In paise.
    package let amount: Int64
    package let currency: String
    package let receipt: String?
    package let status: Status

    package init(id: String, amount: Int64, currency: String, receipt: String?, status: Status) {
        self.id = id
        self.amount = amount
        self.currency = currency
        self.receipt = receipt
        self.status = status
    }
}

/// A payment: one attempt at an order.
package struct RazorpayPayment: Decodable, Sendable, Equatable {
    package enum Status: String, Decodable, Sendable {
        case created, authorized, captured, refunded, failed
    }

    package struct Card: Decodable, Sendable, Equatable {
        package let last4: String?
        package let network: String?
    }

    package let id: String
    /// In paise.
    package let amount: Int64
    package let currency: String
    package let status: Status
    /// Whether it was ever captured; a captured payment that went back whole is `refunded`.
    package let captured: Bool?
    package let orderID: String?
    package let method: String?
    package let card: Card?
    package let vpa: String?
    package let amountRefunded: Int64?
    package let errorDescription: String?

    private enum CodingKeys: String, CodingKey {
        case id, amount, currency, status, captured, method, card, vpa
        case orderID = "order_id"
        case amountRefunded = "amount_refunded"
        case errorDescription = "error_description"
    }

    /// The money has been taken.
    package var isPaid: Bool { status == .captured || status == .refunded || captured == true }

    package init(
        id: String, amount: Int64, currency: String, status: Status, captured: Bool?, orderID: String?,
        method: String?, card: Card? = nil, vpa: String? = nil, amountRefunded: Int64? = nil,
        errorDescription: String? = nil
    ) {
        self.id = id
        self.amount = amount
        self.currency = currency
        self.status = status
        self.captured = captured
        self.orderID = orderID
        self.method = method
        self.card = card
        self.vpa = vpa
        self.amountRefunded = amountRefunded
        self.errorDescription = errorDescription
    }
}

package struct RazorpayRefund: Decodable, Sendable, Equatable {
    package enum Status: String, Decodable, Sendable {
        case pending, processed, failed
    }

    package let id: String
    /// In paise.
    package let amount: Int64
    package let currency: String
    package let paymentID: String
    package let status: Status

    private enum CodingKeys: String, CodingKey {
        case id, amount, currency, status
        case paymentID = "payment_id"
    }

    package init(id: String, amount: Int64, currency: String, paymentID: String, status: Status) {
        self.id = id
        self.amount = amount
        self.currency = currency
        self.paymentID = paymentID
        self.status = status
    }
}

/// What a webhook tells. Its signature has been checked before it is read.
package struct RazorpayEvent: Sendable {
    /// Such as `payment.captured`.
    package let name: String
    package let order: RazorpayOrder?
    package let payment: RazorpayPayment?
    package let refund: RazorpayRefund?
}
