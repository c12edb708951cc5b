import WebAPI

extension DocumentGlossary {
    static let payments: [String: FieldNote] = [
        "transactionId": FieldNote("Our name of the payment.", example: "TXN_1772000000000_0A1B2C3D"),
        "paymentGatewayTransactionId": "The payment service's order; `null` before there is one.",
        "currency": FieldNote("Always `INR`.", example: "INR"),
        "paymentMethod": "How somebody wants to pay.",
        "paymentType": "What it is for.",
        "paymentStatus":
            "`PENDING` and `PROCESSING` wait for the money; a late capture may still make `FAILED` and `CANCELLED` succeed.",
        "paymentCompletedAt": "When the money came; `null` before.",
        "failureReason": "A code or a sentence why it is not paid; `null` unless it failed or was cancelled.",
        "refundStatus": "What has become of the latest refund.",
        "refundedAmount": "What went back, as the payment service has confirmed, in rupees.",
        "receiptNumber": "The number of the receipt; `null` before there is one.",
        "upiId": "The payer's UPI address; `null` without one.",
        "cardLastFour": "The last four digits of the card; `null` without one.",
        "cardType": FieldNote("The card's network; `null` without one.", example: "VISA"),
        "paymentUrl": "Where else it can be paid; only in the answer that makes the payment.",
        "qrCodeData": "What a QR code of the payment says; only in the answer that makes the payment.",
        "razorpayOrderId":
            "The order for the checkout; only in the answer that makes the payment, and `null` when nothing is due.",
        "razorpayKeyId": "The public key for the checkout, beside the order.",
    ]
}
