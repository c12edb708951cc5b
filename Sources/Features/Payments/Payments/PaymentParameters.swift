import CareSyncCore
import FeatureContract
import WebAPI

struct TransactionPath: Codable, Sendable, Validated {
    var transactionId: String

    static let rules: [Rule<Self>] = [.maxLength("transactionId", \.transactionId, 100)]
}

struct BookingPath: Codable, Sendable {
    var bookingId: Int64
}

/// What both lists of payments take.
protocol PaymentListParameters: Validated {
    var page: Int? { get }
    var size: Int? { get }
    var sortBy: PaymentOrdering.Column? { get }
    var sortDir: AnyCase<PaymentOrdering.Direction>? { get }
}

extension PaymentListParameters {
    var ordering: PaymentOrdering {
        PaymentOrdering(column: sortBy ?? .createdAt, direction: sortDir?.value ?? .desc)
    }
}

enum PaymentListNotes {
    static func notes(size: Int64) -> [String: FieldNote] {
        [
            "page": FieldNote("The page, from 0.", default: 0),
            "size": FieldNote("How many a page has.", default: .integer(size)),
            "sortBy": FieldNote("The order.", default: "createdAt"),
            "sortDir": FieldNote("Its direction, in any case.", default: "desc"),
        ]
    }
}

struct PatientPaymentsParameters: Codable, Sendable, PaymentListParameters, Documented {
    var patientId: PatientID
    var page: Int?
    var size: Int?
    var sortBy: PaymentOrdering.Column?
    var sortDir: AnyCase<PaymentOrdering.Direction>?

    static let rules: [Rule<Self>] = [
        .range("page", \.page, 0...PageRequest.maximumPage), .range("size", \.size, 1...PageRequest.maximumSize),
    ]
    static let notes = PaymentListNotes.notes(size: 10)
}

struct AllPaymentsParameters: Codable, Sendable, PaymentListParameters, Documented {
    var page: Int?
    var size: Int?
    var sortBy: PaymentOrdering.Column?
    var sortDir: AnyCase<PaymentOrdering.Direction>?

    static let rules: [Rule<Self>] = [
        .range("page", \.page, 0...PageRequest.maximumPage), .range("size", \.size, 1...PageRequest.maximumSize),
    ]
    static let notes = PaymentListNotes.notes(size: 20)
}

struct LinkParameters: Codable, Sendable, Validated, Documented {
    var transactionId: String
    var bookingId: Int64?
    var appointmentId: Int64?

    static let rules: [Rule<Self>] = [
        .maxLength("transactionId", \.transactionId, 100),
        Rule("bookingId", .described("or `appointmentId`, and not both")) {
            switch ($0.bookingId, $0.appointmentId) {
            case (nil, nil): "is required"
            case (.some, .some): "cannot be given with appointmentId"
            default: nil
            }
        },
    ]

    static let notes: [String: FieldNote] = [
        "bookingId": "The laboratory booking.", "appointmentId": "In its place, an appointment.",
    ]

    var payable: PayableID {
        get throws {
            if let bookingId { return PayableID(.labBooking, bookingId) }
            guard let appointmentId else { throw PaymentError.payableNotFound }
            return PayableID(.appointment, appointmentId)
        }
    }
}

/// What the vendor's checkout hands to the page, under its own names; all three, or none.
struct CheckoutRequest: Codable, Sendable, OptionalBody, Validated, Documented {
    var order: String?
    var payment: String?
    var signature: String?
    var bankReference: String?

    enum CodingKeys: String, CodingKey {
        case bankReference
        case order = "razorpay_order_id"
        case payment = "razorpay_payment_id"
        case signature = "razorpay_signature"
    }

    static let rules: [Rule<Self>] = [
        part("razorpay_order_id") { $0.order }, part("razorpay_payment_id") { $0.payment },
        part("razorpay_signature") { $0.signature },
        Rule("bankReference", .pattern("^[A-Za-z0-9._/-]{6,50}$")) { request in
            request.bankReference.flatMap {
                $0.wholeMatch(of: /[A-Za-z0-9._\/-]{6,50}/) == nil ? "must have 6 to 50 letters, digits or ._/-" : nil
            }
        },
    ]

    private static func part(_ field: String, _ value: @escaping @Sendable (Self) -> String?) -> Rule<Self> {
        Rule(field, .length(minimum: nil, maximum: 200)) { request in
            guard let text = value(request) else {
                return request.isEmpty ? nil : "is required with the other two"
            }
            return text.unicodeScalars.count <= 200 ? nil : "must have at most 200 characters"
        }
    }

    private var isEmpty: Bool { order == nil && payment == nil && signature == nil }

    static let notes: [String: FieldNote] = [
        "razorpay_order_id": "The order, as the checkout names it.",
        "razorpay_payment_id": "The payment, as the checkout names it.",
        "razorpay_signature": "The checkout's signature of both.",
        "bankReference": "Administrators: the bank's reference of money by UPI that came past the payment service.",
    ]

    var proof: CheckoutProof? {
        guard let order, let payment, let signature else { return nil }
        return CheckoutProof(order: order, payment: payment, signature: signature)
    }
}

struct CancelledPaymentResponse: WireResponse, Documented {
    let status: String
    let message: String
    let transactionId: String

    init(transactionId: String) {
        status = "success"
        message = "The payment was cancelled."
        self.transactionId = transactionId
    }

    static let notes: [String: FieldNote] = ["status": FieldNote("Always `success`.", example: "success")]
}
