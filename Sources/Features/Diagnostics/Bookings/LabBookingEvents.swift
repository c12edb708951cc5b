package import CareSyncCore
package import Outbox

/// News about a lab booking.
package protocol LabBookingEvent: DurableEvent {
    var booking: LabBookingID { get }
    var patient: PatientID { get }
    /// Who did it; `nil` for the system.
    var by: UserID? { get }
    /// When it was done.
    var at: Instant { get }
}

extension LabBookingEvent {
    package var subject: String { LabBookingSubject.text(booking) }
}

/// How a booking is named in the outbox.
enum LabBookingSubject {
    private static let prefix = "lab-booking/"

    static func text(_ booking: LabBookingID) -> String { "\(prefix)\(booking)" }

    static func booking(_ subject: String) -> LabBookingID? {
        guard subject.hasPrefix(prefix) else { return nil }
        return Int64(subject.dropFirst(prefix.count)).flatMap(LabBookingID.init(checking:))
    }
}

/// Tests were booked by a patient, or for one.
package struct LabTestsBooked: LabBookingEvent, Equatable {
    package let booking: LabBookingID
    package let patient: PatientID
    /// Who prescribed them; `nil` when the patient chose them.
    package let doctor: DoctorID?
    package let by: UserID?
    package let at: Instant
}

/// A booking has moved to another status.
package struct LabBookingStatusChanged: LabBookingEvent, Equatable {
    package let booking: LabBookingID
    package let patient: PatientID
    package let from: LabBookingStatus
    package let to: LabBookingStatus
    package let by: UserID?
    package let at: Instant
}
