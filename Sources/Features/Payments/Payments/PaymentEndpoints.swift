import CareSyncCore
import FeatureContract
import Persistence
import WebAPI

struct PaymentEndpoints: Sendable {
    let context: PaymentContext
    let payments: PaymentService
    let verification: PaymentVerification
    let listing: PaymentListing

    static let base = "/api/payments"

    var all: [Endpoint] { making + reading + changing + aliases }

    private static let refused: [PaymentError] = [
        .methodUnsupported, .currencyUnsupported, .amountMismatch, .payableNotFound, .patientNotFound, .active,
        .notPayable, .patientInactive, .gatewayUnavailable, .gatewayBusy, .notConfigured,
    ]

    private var making: [Endpoint] {
        [
            .post(
                "\(Self.base)/initiate", "Begin a payment",
                """
                Patients, for themselves; administrators, for anybody. For an appointment, a booking, or nothing yet. The \
                answer has what the checkout needs; paying again goes on with the same payment.
                """,
                access: .roles([.patient, .admin]), fails: Self.refused, use: initiate),
            .post(
                "\(Self.base)/booking/{bookingId}/pay", "Pay for a laboratory booking",
                "Patients, their own booking. The same as `initiate` with `bookingId`.",
                access: .role(.patient), fails: Self.refused, use: pay),
        ]
    }

    private var reading: [Endpoint] {
        let everyone: Access = .roles([.patient, .doctor, .admin])
        return [
            .get(
                "\(Self.base)/transaction/{transactionId}", "A payment",
                """
                Patients, their own; doctors, those of what they prescribed or hold; administrators, any.
                """,
                access: everyone, fails: [PaymentError.notFound], use: find),
            .get(
                "\(Self.base)/booking/{bookingId}", "The payment of a laboratory booking",
                "Patients, doctors and administrators, as of single payments. A paid one before others, then the newest.",
                access: everyone, fails: [PaymentError.notFound], use: findOfBooking),
            .get(
                "\(Self.base)/patient/{patientId}", "A patient's payments",
                "Patients, their own; administrators, anybody's.", access: .roles([.patient, .admin]),
                subject: .patient("patientId"), fails: [PaymentError.patientNotFound], use: listOfPatient),
            .get(
                "\(Self.base)/all", "All payments", "Administrators. The newest first unless asked otherwise.",
                access: .role(.admin), use: listAll),
        ]
    }

    private var changing: [Endpoint] {
        [
            .put(
                "\(Self.base)/link-booking", "Give a payment to what it pays for",
                """
                Patients, their own captured payment that belongs to nothing, for a booking or an appointment of theirs of \
                just this price; administrators, anybody's. The answer is a sentence.
                """,
                access: .roles([.patient, .admin]),
                fails: [
                    PaymentError.notFound, .payableNotFound, .notLinkable, .notPayable, .amountMismatch,
                ], use: link),
            verifying("\(Self.base)/verify/{transactionId}"), cancelling("\(Self.base)/cancel/{transactionId}"),
        ]
    }

    private var aliases: [Endpoint] {
        [
            verifying("\(Self.base)/{transactionId}/verify")
                .deprecated(insteadUse: "POST \(Self.base)/verify/{transactionId}"),
            cancelling("\(Self.base)/{transactionId}/cancel")
                .deprecated(insteadUse: "POST \(Self.base)/cancel/{transactionId}"),
        ]
    }

    private func verifying(_ path: String) -> Endpoint {
        .post(
            path, "Ask how a payment stands",
            """
            Patients, their own; doctors, those of what they prescribed or hold; administrators, any. With the checkout's \
            three values, their signature is checked; the payment service is asked either way. With \
            `bankReference` administrators enter money that came past it.
            """,
            access: .roles([.patient, .doctor, .admin]),
            fails: [PaymentError.notFound, .badSignature, .gatewayUnavailable, .gatewayBusy, .notConfigured, .notOpen],
            [RefundError.referenceUsed], use: verify)
    }

    private func cancelling(_ path: String) -> Endpoint {
        .post(
            path, "Cancel a payment that waits for its money",
            "Patients, their own; administrators, any. What it is for stays as it is.",
            access: .roles([.patient, .admin]), fails: [PaymentError.notFound, .notOpen], use: cancel)
    }

    // MARK: Handlers

    func initiate(
        _ request: EndpointRequest<NoParameters, PaymentRequest>
    ) async throws -> IdempotentResponse<PaymentResponse> {
        let principal = try request.principal
        // The body names a person: somebody else is refused without a look-up.
        guard try principal.role == .admin || principal.requirePatient() == request.body.patientId else {
            throw Problem.accessDenied
        }
        let made = try await payments.pay(
            request.body, for: request.body.payable, origin: request.origin, once: try request.idempotency(response))
        return IdempotentResponse.from(made, response)
    }

    func pay(
        _ request: EndpointRequest<BookingPath, PaymentRequest>
    ) async throws -> IdempotentResponse<PaymentResponse> {
        guard try request.principal.requirePatient() == request.body.patientId else { throw Problem.accessDenied }
        let made = try await payments.pay(
            request.body, for: PayableID(.labBooking, request.parameters.bookingId), origin: request.origin,
            once: try request.idempotency(response))
        return IdempotentResponse.from(made, response)
    }

    func find(_ request: EndpointRequest<TransactionPath, NoBody>) async throws -> PaymentResponse {
        response(
            try await listing.find(
                request.parameters.transactionId, for: PaymentReader(request.principal), origin: request.origin))
    }

    func findOfBooking(_ request: EndpointRequest<BookingPath, NoBody>) async throws -> PaymentResponse {
        response(
            try await listing.latest(
                of: request.parameters.bookingId, for: PaymentReader(request.principal), origin: request.origin))
    }

    func listOfPatient(
        _ request: EndpointRequest<PatientPaymentsParameters, NoBody>
    ) async throws -> PaymentPageResponse {
        let (principal, patient) = (try request.principal, request.parameters.patientId)
        guard try principal.role == .admin || principal.requirePatient() == patient else {
            throw Problem.accessDenied
        }
        return try await page(
            of: patient, request.parameters.ordering, request.parameters.page, request.parameters.size ?? 10, principal,
            request.origin)
    }

    func listAll(_ request: EndpointRequest<AllPaymentsParameters, NoBody>) async throws -> PaymentPageResponse {
        try await page(
            of: nil, request.parameters.ordering, request.parameters.page, request.parameters.size ?? 20,
            request.principal, request.origin)
    }

    private func page(
        of patient: PatientID?, _ ordering: PaymentOrdering, _ page: Int?, _ size: Int, _ principal: Principal,
        _ origin: RequestOrigin
    ) async throws -> PaymentPageResponse {
        let asked = PageRequest(page: page ?? 0, size: size)
        let found = try await listing.page(
            of: patient, by: ordering, asked, for: PaymentReader(principal), origin: origin)
        return PaymentPageResponse(found.payments.map(response), asked, total: found.total)
    }

    func verify(_ request: EndpointRequest<TransactionPath, CheckoutRequest>) async throws -> PaymentResponse {
        if let reference = request.body.bankReference {
            return response(
                try await ManualMoney(settlement: verification.settlement).enter(
                    request.parameters.transactionId, reference: reference, origin: request.origin))
        }
        return response(
            try await verification.verify(
                request.parameters.transactionId, request.body.proof, by: PaymentReader(request.principal),
                origin: request.origin))
    }

    func cancel(_ request: EndpointRequest<TransactionPath, NoBody>) async throws -> CancelledPaymentResponse {
        let transaction = request.parameters.transactionId
        try await payments.cancel(transaction, by: PaymentReader(request.principal), origin: request.origin)
        return CancelledPaymentResponse(transactionId: transaction)
    }

    func link(_ request: EndpointRequest<LinkParameters, NoBody>) async throws -> TextResponse {
        try await payments.link(
            request.parameters.transactionId, to: try request.parameters.payable,
            by: PaymentReader(request.principal), origin: request.origin)
        return TextResponse("Payment linked to booking successfully")
    }

    @Sendable func response(_ shown: ShownPayment) -> PaymentResponse { PaymentResponse(shown, context) }
}
