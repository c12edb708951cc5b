import CareSyncCore
import FeatureContract
import Razorpay
import WebAPI

/// `PaymentResponse` of the published API.
struct PaymentResponse: WireResponse, Documented {
    let id: PaymentID
    let transactionId: String
    let paymentGatewayTransactionId: String?
    let amount: Money
    let currency: String
    let paymentMethod: PaymentMethod
    let paymentType: PaymentType
    let paymentStatus: PaymentStatus
    let description: String
    let patientId: PatientID
    let patientName: String
    let bookingId: Int64?
    let appointmentId: Int64?
    let createdAt: LocalDateTime
    let paymentCompletedAt: LocalDateTime?
    let failureReason: String?
    let refundStatus: RefundStatus
    let refundedAmount: Money
    let receiptNumber: Int64?
    let upiId: String?
    let cardLastFour: String?
    let cardType: String?
    let paymentUrl: String?
    let qrCodeData: String?
    let razorpayOrderId: String?
    let razorpayKeyId: String?

    init(_ shown: ShownPayment, _ context: PaymentContext) {
        let payment = shown.payment
        let links = PaymentLinks(context: context)
        func isFor(_ kind: PayableKind) -> Int64? { payment.payable?.kind == kind ? payment.payable?.number : nil }
        id = payment.id
        transactionId = payment.transactionID
        paymentGatewayTransactionId = payment.orderID
        amount = payment.amount
        currency = "INR"
        paymentMethod = payment.method
        paymentType = payment.type
        paymentStatus = payment.status
        description = shown.description
        patientId = payment.patientID
        patientName = shown.patientName
        bookingId = isFor(.labBooking)
        appointmentId = isFor(.appointment)
        createdAt = context.zone.local(payment.createdAt)
        paymentCompletedAt = payment.completedAt.map(context.zone.local)
        failureReason = payment.failureReason
        refundStatus = payment.refundStatus
        refundedAmount = payment.refunded
        receiptNumber = payment.receiptNumber
        upiId = shown.upiID
        cardLastFour = payment.cardLastFour
        cardType = payment.cardNetwork
        paymentUrl = shown.isNew ? links.paymentURL(of: payment) : nil
        qrCodeData = shown.isNew ? links.qrText(of: payment) : nil
        razorpayOrderId = shown.isNew ? payment.orderID : nil
        razorpayKeyId = shown.isNew ? payment.orderID.flatMap { _ in context.settings.account?.keyID } : nil
    }

    static let notes: [String: FieldNote] = [
        "id": "The number of the payment.",
        "amount": "What is paid, in rupees.",
        "description": "What is paid for; empty when the patient's data was erased.",
        "bookingId": "The laboratory booking that it pays for; `null` for anything else.",
        "appointmentId": "The appointment that it pays for; `null` for anything else.",
    ]
}

/// A page as Spring writes it, which the published client expects of payments.
struct PaymentPageResponse: WireResponse, Documented {
    struct Sort: WireValue, Documented {
        let empty: Bool
        let sorted: Bool
        let unsorted: Bool

        static let ofPayments = Sort(empty: false, sorted: true, unsorted: false)

        static let notes: [String: FieldNote] = [
            "empty": "Always false.", "sorted": "Always true.", "unsorted": "Always false.",
        ]
    }

    struct Pageable: WireValue, Documented {
        let pageNumber: Int
        let pageSize: Int
        let sort: Sort
        let offset: Int
        let paged: Bool
        let unpaged: Bool

        static let notes: [String: FieldNote] = [
            "pageNumber": "The page, from 0.", "pageSize": "How many a page has at most.",
            "offset": "How many come before this page.", "paged": "Always true.", "unpaged": "Always false.",
        ]
    }

    let content: [PaymentResponse]
    let pageable: Pageable
    let last: Bool
    let totalPages: Int
    let totalElements: Int
    let size: Int
    let number: Int
    let sort: Sort
    let first: Bool
    let numberOfElements: Int
    let empty: Bool

    init(_ content: [PaymentResponse], _ page: PageRequest, total: Int) {
        self.content = content
        pageable = Pageable(
            pageNumber: page.page, pageSize: page.size, sort: .ofPayments, offset: page.offset, paged: true,
            unpaged: false)
        totalPages = (total + page.size - 1) / page.size
        totalElements = total
        last = page.page + 1 >= totalPages
        size = page.size
        number = page.page
        sort = .ofPayments
        first = page.page == 0
        numberOfElements = content.count
        empty = content.isEmpty
    }

    static let notes: [String: FieldNote] = [
        "content": "The payments of the page.", "last": "Whether no page follows.",
        "totalPages": "How many pages there are.", "totalElements": "How many payments there are.",
        "size": "How many a page has at most.", "number": "The page, from 0.",
        "first": "Whether it is the first page.", "numberOfElements": "How many the page has.",
        "empty": "Whether the page has none.",
    ]
}
