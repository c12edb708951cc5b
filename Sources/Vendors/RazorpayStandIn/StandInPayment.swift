/// How a person pays.
package enum StandInMethod: String, Codable, Sendable, CaseIterable {
    case upi, card, netbanking, wallet
}

/// What becomes of an attempt to pay.
package enum StandInOutcome: String, Codable, Sendable, CaseIterable {
    /// Captured, unless the order or the stand-in's behaviour leaves that to a call.
    case captured
    case authorized
    case failed
}

/// A payment with everything the vendor shows of it.
struct StandInPayment: Codable, Sendable {
    enum Status: String, Codable, Sendable {
        case authorized, captured, refunded, failed
    }

    let id: String
    let order: String
    let amount: Int64
    let method: StandInMethod
    let notes: [String: String]
    let createdAt: Int64
    var status: Status
    var isCaptured = false
    var amountRefunded: Int64 = 0
    var refunds: [String] = []

    private var hasFailed: Bool { status == .failed }

    private var refundStatus: String? {
        amountRefunded == 0 ? nil : amountRefunded == amount ? "full" : "partial"
    }

    var wire: VendorJSON {
        var fields: [String: VendorJSON] = [
            "id": .text(id), "entity": "payment", "amount": .integer(amount), "currency": "INR",
            "status": .text(status.rawValue), "order_id": .text(order), "invoice_id": .null,
            "international": .bool(false), "method": .text(method.rawValue),
            "amount_refunded": .integer(amountRefunded), "refund_status": .optional(refundStatus),
            "captured": .bool(isCaptured), "description": .null, "card_id": .null, "bank": .null, "wallet": .null,
            "vpa": .null, "email": "void@razorpay.com", "contact": "+919000000000", "notes": .notes(notes),
            "created_at": .integer(createdAt),
        ]
        // Two in a hundred, and the tax on that; unknown before the capture.
        let fee = amount / 50
        fields["fee"] = isCaptured ? .integer(fee + fee * 18 / 100) : .null
        fields["tax"] = isCaptured ? .integer(fee * 18 / 100) : .null
        fields["error_code"] = hasFailed ? "BAD_REQUEST_ERROR" : .null
        fields["error_description"] = hasFailed ? "Payment was declined by the stand-in." : .null
        fields["error_source"] = hasFailed ? "customer" : .null
        fields["error_step"] = hasFailed ? "payment_authentication" : .null
        fields["error_reason"] = hasFailed ? "payment_failed" : .null
        switch method {
        case .upi:
            let address: VendorJSON = hasFailed ? "failure@razorpay" : "success@razorpay"
            fields["vpa"] = address
            fields["upi"] = ["payer_account_type": "bank_account", "vpa": address, "flow": "collect"]
            fields["acquirer_data"] = ["rrn": .text(number), "upi_transaction_id": .text("STANDIN\(number)")]
        case .card:
            let card = "card_" + id.dropFirst(4)
            fields["card_id"] = .text(card)
            fields["card"] = [
                "id": .text(card), "entity": "card", "name": "", "last4": "1007", "network": "Visa", "type": "debit",
                "issuer": .null, "international": .bool(false), "emi": .bool(false), "sub_type": "consumer",
            ]
            fields["acquirer_data"] = ["auth_code": .text(String(number.suffix(6)))]
        case .netbanking:
            fields["bank"] = "HDFC"
            fields["acquirer_data"] = ["bank_transaction_id": .text(number)]
        case .wallet:
            fields["wallet"] = "payzapp"
            fields["acquirer_data"] = ["transaction_id": .null]
        }
        return .object(fields)
    }

    /// Twelve digits that belong to this payment.
    private var number: String {
        let sum = id.utf8.reduce(UInt64(7)) { ($0 &* 131 &+ UInt64($1)) % 1_000_000_000_000 }
        return String(String(1_000_000_000_000 + sum).dropFirst())
    }
}
