import CareSyncCore
import Documents
import Payments
import WebAPI

/// `BookingResponse` of the published API, with what the checkout needs and what became of the money.
struct LabBookingResponse: WireResponse, Documented {
    let id: LabBookingID
    let patientId: PatientID
    let patientName: String?
    let doctorId: DoctorID?
    let selectedTests: [LabTestResponse]
    let totalPrice: Money
    let prescribedBy: String
    let bookingDate: LocalDateTime
    let status: LabBookingStatus
    let notes: String?
    let createdAt: LocalDateTime
    let updatedAt: LocalDateTime
    let statusChangedBy: String?
    let paymentTransactionId: String?
    let paymentStatus: PaymentStatus?
    let refundStatus: RefundStatus?
    let razorpayOrderId: String?
    let razorpayKeyId: String?
    let labReports: [DocumentResponse]?

    init(_ view: LabBookingView, zone: ClinicZone) {
        let (booking, payment) = (view.booking, view.payment)
        id = booking.id
        patientId = booking.patientID
        patientName = view.patientName
        doctorId = booking.doctorID
        selectedTests = view.tests.map { LabTestResponse($0, zone: zone) }
        totalPrice = booking.totalPrice
        prescribedBy = view.doctorName.map { "Doctor \($0)" } ?? "Self"
        bookingDate = zone.local(booking.bookedFor)
        status = booking.status
        notes = view.notes
        createdAt = zone.local(booking.createdAt)
        updatedAt = zone.local(booking.updatedAt)
        statusChangedBy = booking.statusChangedBy
        paymentTransactionId = payment?.transactionID
        paymentStatus = payment?.status
        refundStatus = payment?.refundStatus
        razorpayOrderId = payment?.razorpayOrderID
        razorpayKeyId = payment?.razorpayKeyID
        labReports = view.reports.isEmpty ? nil : view.reports
    }

    static let notes: [String: FieldNote] = [
        "doctorId": "Who prescribed the tests; `null` when the patient chose them.",
        "selectedTests":
            "The tests at the prices of the booking; empty for administrators who have not broken the glass.",
        "totalPrice": "What the tests cost together, in rupees.",
        "prescribedBy": FieldNote("`Self`, or the doctor who prescribed them.", example: "Doctor Asha Rao"),
        "bookingDate": "When the tests are to be made.",
        "status":
            "`PENDING` waits for its payment, `COMPLETED` is paid; whether the tests are done is told by the reports.",
        "notes": "What the laboratory should know.",
        "statusChangedBy": "Who booked it, or last changed its status: a user name, or `SYSTEM`.",
        "paymentTransactionId": "The payment that counts; `null` without one.",
        "paymentStatus": "Where that payment stands.",
        "refundStatus": "What has become of its money.",
        "razorpayOrderId": "For the checkout; `null` before there is an order.",
        "razorpayKeyId": "For the checkout, beside the order.",
        "labReports": "The reports of this booking; `null` when there are none.",
    ]
}

struct LabBookingCountResponse: WireResponse, Documented {
    let userId: PatientID
    let bookingCount: Int

    static let notes: [String: FieldNote] = [
        "userId": "The patient: the number of their account.", "bookingCount": "How many lab bookings there are.",
    ]
}

struct CancelledLabBookingResponse: WireResponse, Documented {
    let message: String
    let booking: LabBookingResponse

    init(_ view: LabBookingView, zone: ClinicZone) {
        message =
            view.booking.status == .cancelled
            ? "The booking was cancelled." : "The booking is given back. The money is on its way."
        booking = LabBookingResponse(view, zone: zone)
    }

    static let notes: [String: FieldNote] = ["booking": "The booking as it is now."]
}
