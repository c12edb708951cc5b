import CareSyncCore
import Payments
import WebAPI

/// `BookingWithPayment` of the published API.
struct PaidLabBookingRequest: Codable, Sendable, Validated, Documented {
    static let booking = "bookingRequest"
    static let payment = "paymentRequest"

    var bookingRequest: LabBookingRequest
    var paymentRequest: PaymentRequest
    var transactionId: String?

    static let rules: [Rule<Self>] = [.text("transactionId", \.transactionId, .line, 100)]

    static let notes: [String: FieldNote] = [
        "bookingRequest": "What is booked.", "paymentRequest": "How it is paid for.",
        "transactionId": """
        A captured payment that belongs to nothing yet and is to pay for this; without one the patient's newest of \
        the same amount is taken, or else a payment begins.
        """,
    ]

    /// Throws what is wrong with the parts, whose fields are named as `bookingRequest.notes`.
    func order(for caller: Principal) throws -> PaidLabBookingOrder {
        let errors =
            bookingRequest.fieldErrors().map { NestedRequest.named($0, in: Self.booking) }
            + paymentRequest.fieldErrors().map { NestedRequest.named($0, in: Self.payment) }
        guard errors.isEmpty else { throw Problem.validation(errors) }
        let booking = try bookingRequest.order(for: caller)
        guard paymentRequest.patientId == booking.patient else { throw Problem.accessDenied }
        return PaidLabBookingOrder(
            booking: booking, payment: try payment(), transaction: TextSort.content(of: transactionId))
    }

    private func payment() throws -> PaymentOrder {
        do {
            var order = try paymentRequest.order(for: nil)
            order.type = .labTest
            return order
        } catch let refusal as any FailureCatalogue {
            throw NestedRequest.named(refusal.problem, in: Self.payment)
        }
    }
}

/// Fields of a part of a body, named with the part.
enum NestedRequest {
    static func named(_ error: FieldError, in part: String) -> FieldError {
        FieldError(field: "\(part).\(error.field)", message: error.message)
    }

    static func named(_ problem: Problem, in part: String) -> Problem {
        var problem = problem
        problem.fieldErrors = problem.fieldErrors.map { named($0, in: part) }
        return problem
    }
}
