import CareSyncCore
import WebAPI

struct LabBookingRequest: Codable, Sendable, Validated, Documented {
    var patientId: PatientID?
    var selectedTestIds: [Int64]
    var bookingDate: ClientDateTime?
    var notes: String?
    var isFullBodyCheckup: Bool?

    static let rules: [Rule<Self>] = [
        Rule(LabBookingError.tests, .items(minimum: 1, maximum: LabBookingOrder.mostTests)) {
            let count = $0.selectedTestIds.count
            guard (1...LabBookingOrder.mostTests).contains(count) else {
                return "must be from 1 to \(LabBookingOrder.mostTests) numbers of lab tests"
            }
            return Set($0.selectedTestIds).count == count ? nil : "must name each lab test once"
        },
        .text("notes", \.notes, .paragraph, LabBookingOrder.longestNotes),
    ]

    static let notes: [String: FieldNote] = [
        "patientId": "For whom a doctor books; a patient's own number, or none.",
        "selectedTestIds": "The numbers of 1 to 100 lab tests, each once.",
        "bookingDate": "When the tests are to be made, from today on; now when absent.",
        "notes": "What the laboratory should know.",
        "isFullBodyCheckup": FieldNote("Whether every test that is offered is booked instead.", default: false),
    ]

    /// Who books for whom: a patient for nobody else, a doctor for the patient that is named.
    func order(for caller: Principal) throws -> LabBookingOrder {
        switch caller.role {
        case .patient:
            let own = try caller.requirePatient()
            guard patientId == nil || patientId == own else { throw Problem.accessDenied }
            return order(for: own, by: nil)
        case .doctor:
            let doctor = try caller.requireDoctor()
            guard let patientId else {
                throw Problem.validation([FieldError(field: "patientId", message: "is required")])
            }
            return order(for: patientId, by: doctor)
        case .admin: throw Problem.accessDenied
        }
    }

    private func order(for patient: PatientID, by doctor: DoctorID?) -> LabBookingOrder {
        LabBookingOrder(
            patient: patient, doctor: doctor, tests: selectedTestIds, isFullBodyCheckup: isFullBodyCheckup ?? false,
            bookedFor: bookingDate, notes: TextSort.content(of: notes))
    }
}

struct LabBookingPath: Codable, Sendable {
    var bookingId: LabBookingID
}

struct BookedPatientPath: Codable, Sendable {
    var userId: PatientID
}

struct BookedPatientParameters: Codable, Sendable, PagedParameters {
    var userId: PatientID
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

struct LabBookingStatusParameters: Codable, Sendable, PagedParameters {
    var status: LabBookingStatus
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

struct LabBookingRangeParameters: Codable, Sendable, PagedParameters, Documented {
    var startDate: ClientDateTime
    var endDate: ClientDateTime
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging

    static let notes: [String: FieldNote] = [
        "startDate": "The first moment.", "endDate": "The last moment, itself included.",
    ]

    func filter(_ zone: ClinicZone) throws -> LabBookingFilter {
        let (start, end) = (try moment(startDate, "startDate", zone), try moment(endDate, "endDate", zone))
        guard start <= end else {
            throw Problem.invalid("endDate", "INVALID_ARGUMENT", rule: "must not be before startDate")
        }
        return .between(start, end)
    }

    private func moment(_ client: ClientDateTime, _ field: String, _ zone: ClinicZone) throws -> Instant {
        guard let instant = zone.instant(of: client) else {
            throw Problem.invalid(field, "INVALID_ARGUMENT", rule: "is a time that the clinic's clock skips")
        }
        return instant
    }
}

struct ChangeLabBookingParameters: Codable, Sendable, Validated, Documented {
    var bookingId: LabBookingID
    var status: LabBookingStatus
    var reason: String?

    static let rules: [Rule<Self>] = [.text("reason", \.reason, .paragraph, LabBookingReason.longest)]

    static let notes: [String: FieldNote] = ["reason": LabBookingReason.note]
}

/// The reason may come in a body, which no log of addresses keeps.
struct LabBookingReason: Codable, Sendable, Validated, OptionalBody, Documented {
    static let longest = 500

    var reason: String?

    static let rules: [Rule<Self>] = [.text("reason", \.reason, .paragraph, longest)]

    static let notes: [String: FieldNote] = ["reason": note]

    static let note: FieldNote =
        "Why: required when an administrator completes a booking without a payment. Goes into the audit log."
}
