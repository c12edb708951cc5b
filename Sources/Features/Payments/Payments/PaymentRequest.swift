package import CareSyncCore
package import FeatureContract
package import WebAPI

/// How the wire names the ways to pay: `QR` is what the published client calls QR_CODE; the last two cannot be paid with.
package enum PaymentMethodName: String, Codable, Sendable, CaseIterable {
    case upi = "UPI"
    case card = "CARD"
    case qrCode = "QR_CODE"
    case qr = "QR"
    case netBanking = "NET_BANKING"
    case wallet = "WALLET"

    /// `nil` for what cannot be paid with.
    var method: PaymentMethod? {
        switch self {
        case .upi: .upi
        case .card: .card
        case .qrCode, .qr: .qrCode
        case .netBanking, .wallet: nil
        }
    }
}

/// What is kept of a card's number: the rest is dropped while it is read.
package struct CardHint: Codable, Sendable, WireScalar {
    let lastFour: String?
    let network: String?

    package init(from decoder: any Decoder) throws {
        // Whatever else stands there is no number of a card, and nothing of it is needed.
        let text = try? decoder.singleValueContainer().decode(String.self)
        let digits = (text ?? "").utf8.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        lastFour = digits.count >= 4 ? String(decoding: digits.suffix(4), as: UTF8.self) : nil
        network = (13...19).contains(digits.count) ? Self.network(digits[0]) : nil
    }

    private init(lastFour: String, network: String) {
        self.lastFour = lastFour
        self.network = network
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(lastFour)
    }

    private static func network(_ first: UInt8) -> String {
        switch first {
        case UInt8(ascii: "4"): "VISA"
        case UInt8(ascii: "5"), UInt8(ascii: "2"): "MASTERCARD"
        case UInt8(ascii: "3"): "AMEX"
        default: "UNKNOWN"
        }
    }

    package static let wireType = WireType(.string, example: "1111")
    package static let sample = CardHint(lastFour: "1111", network: "VISA")
}

/// Of a card nothing but a hint; whatever else is sent of it is not read.
package struct CardDetails: Codable, Sendable, Documented {
    package var cardNumber: CardHint?

    package static let notes: [String: FieldNote] = [
        "cardNumber": "Send the last four digits at most: the rest is dropped unread, as security codes are."
    ]
}

/// `PaymentRequest` of the published API.
package struct PaymentRequest: Codable, Sendable, Validated, Documented {
    package var patientId: PatientID
    package var amount: Money
    package var paymentType: PaymentType
    package var paymentMethod: PaymentMethodName
    package var bookingId: Int64?
    package var appointmentId: Int64?
    package var currency: String?
    package var description: String?
    package var additionalInfo: String?
    package var upiId: String?
    package var cardDetails: CardDetails?

    /// In paise: the vendor takes nothing below a rupee.
    private static let amounts: ClosedRange<Int64> = 100...9_999_999_999
    private static let upiPattern = "^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$"

    package static let rules: [Rule<Self>] = [
        Rule("amount", .described("from 1.00 to 99999999.99; 0 only with the type APPOINTMENT")) {
            if $0.amount == .zero { return $0.paymentType == .appointment ? nil : "must be at least 1.00" }
            return amounts.contains($0.amount.minorUnits) ? nil : "must be from 1.00 to 99999999.99"
        },
        number("bookingId") { $0.bookingId }, number("appointmentId") { $0.appointmentId },
        .maxLength("currency", \.currency, 3),
        .text("description", \.description, .paragraph, 255),
        .text("additionalInfo", \.additionalInfo, .paragraph, 500),
        .text("upiId", \.upiId, .line, 100),
        Rule("upiId", .pattern(upiPattern)) {
            guard let upi = TextSort.content(of: $0.upiId) else { return nil }
            return upi.wholeMatch(of: /[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+/) == nil ? "must have the form name@bank" : nil
        },
        Rule("appointmentId", .described("not together with `bookingId`")) {
            $0.appointmentId != nil && $0.bookingId != nil ? "cannot be given with bookingId" : nil
        },
    ]

    private static func number(_ field: String, _ value: @escaping @Sendable (Self) -> Int64?) -> Rule<Self> {
        let bounds = PatientID.bounds
        return Rule(field, .range(minimum: bounds.lowerBound, maximum: bounds.upperBound)) {
            value($0).flatMap { bounds.contains($0) ? nil : "must be a positive whole number" }
        }
    }

    package static let notes: [String: FieldNote] = [
        "amount": "What is to be paid, in rupees.",
        "paymentType": "What it is for.",
        "paymentMethod": "How somebody wants to pay; `QR` is the same as `QR_CODE`.",
        "bookingId": "The laboratory booking that is paid for.",
        "appointmentId": "The appointment that is paid for.",
        "currency": FieldNote("Only `INR`.", example: "INR", default: "INR"),
        "description": "What is paid for; made of the type when it is blank.",
        "additionalInfo": "What the made description names, such as a doctor or a test.",
        "upiId": FieldNote("The payer's UPI address.", example: "asha@bank"),
        "cardDetails": "A hint of the card; the number itself belongs into the checkout only.",
    ]

    /// What the request names to be paid for.
    package var payable: PayableID? {
        appointmentId.map { PayableID(.appointment, $0) } ?? bookingId.map { PayableID(.labBooking, $0) }
    }

    /// Throws `PAYMENT_METHOD_UNSUPPORTED` and `CURRENCY_UNSUPPORTED`.
    package func order(
        for payable: PayableID?, terms: CancellationTerms = .none, requestKey: [UInt8]? = nil
    ) throws -> PaymentOrder {
        guard let method = paymentMethod.method else { throw PaymentError.methodUnsupported }
        guard (TextSort.content(of: currency) ?? "INR").uppercased() == "INR" else {
            throw PaymentError.currencyUnsupported
        }
        // Of something known the type is known, too; an appointment may be called a consultation.
        let types = payable.map { PaymentType.paying(for: $0.kind) } ?? [paymentType]
        let type = types.contains(paymentType) ? paymentType : types[0]
        let isCard = method == .card
        return PaymentOrder(
            payable: payable, patient: patientId, type: type, method: method, amount: amount,
            description: TextSort.content(of: description)
                ?? type.sentence(TextSort.content(of: additionalInfo)),
            upiID: method == .upi ? TextSort.content(of: upiId) : nil,
            cardLastFour: isCard ? cardDetails?.cardNumber?.lastFour : nil,
            cardNetwork: isCard ? cardDetails?.cardNumber?.network : nil, terms: terms, requestKey: requestKey)
    }
}

extension PaymentType {
    /// What a payment is for, in a few words.
    fileprivate func sentence(_ info: String?) -> String {
        let text =
            switch self {
            case .labTest: "Payment for lab tests"
            case .appointment: "Payment for an appointment"
            case .consultation: "Payment for a consultation"
            case .medicine: "Payment for medicine"
            case .healthCheckup: "Payment for a health check-up"
            case .subscription: "Payment for a subscription"
            case .other: "Payment"
            }
        return info.map { "\(text): \($0)" } ?? text
    }
}
