import CareSyncCore
import Persistence

/// Where an appointment stands. `CANCELLED` is written for a hold that ran out and for what an administrator deletes, and
/// stands in rows of an imported database. `NO_SHOW` is final: the patient did not come.
package enum AppointmentStatus: String, Codable, Sendable, CaseIterable {
    case booked = "BOOKED"
    case scheduled = "SCHEDULED"
    case confirmed = "CONFIRMED"
    case inProgress = "IN_PROGRESS"
    case completed = "COMPLETED"
    case cancelled = "CANCELLED"
    case cancelledByPatient = "CANCELLED_BY_PATIENT"
    case cancelledByDoctor = "CANCELLED_BY_DOCTOR"
    case noShow = "NO_SHOW"

    /// Whether the appointment occupies its time.
    package var isOccupying: Bool {
        switch self {
        case .booked, .scheduled, .confirmed, .inProgress: true
        case .completed, .cancelled, .cancelledByPatient, .cancelledByDoctor, .noShow: false
        }
    }

    package var isCancelled: Bool {
        switch self {
        case .cancelled, .cancelledByPatient, .cancelledByDoctor: true
        case .booked, .scheduled, .confirmed, .inProgress, .completed, .noShow: false
        }
    }

    static let occupying = allCases.filter(\.isOccupying)
    /// As literals, because indexes and constraints know them by their text.
    static func listed(_ statuses: [AppointmentStatus]) -> SQL {
        SQL.joined(statuses.map { SQL(stringLiteral: "'\($0.rawValue)'") }, separator: ", ")
    }

    static let cancelledOnes = allCases.filter(\.isCancelled)

    /// Reads a status whatever its case, as the published client's master list may spell it.
    package init?(anyCase text: String) {
        self.init(rawValue: text.uppercased())
    }
}

extension AppointmentStatus: SQLConvertible, ColumnValue {}

/// Who moves an appointment from one status to another.
enum StatusMover: Sendable {
    case doctor, patient

    /// The state machine of rules/appointments 2, and NO_SHOW.
    func mayMove(_ from: AppointmentStatus, to target: AppointmentStatus) -> Bool {
        switch (self, from, target) {
        case (.doctor, .booked, .scheduled), (.doctor, .booked, .confirmed), (.doctor, .booked, .inProgress),
            (.doctor, .scheduled, .confirmed), (.doctor, .scheduled, .inProgress),
            (.doctor, .confirmed, .inProgress), (.doctor, .confirmed, .completed),
            (.doctor, .inProgress, .completed):
            true
        // A doctor may have opened the room and waited there, so an open consultation can end this way too.
        case (.doctor, _, .cancelledByDoctor), (.doctor, _, .noShow): from.isOccupying
        case (.patient, .booked, .cancelledByPatient), (.patient, .confirmed, .cancelledByPatient): true
        default: false
        }
    }

    /// What may get another time (rules/appointments 5): a doctor may move whatever has not begun, because the alternative
    /// is to cancel it.
    var reschedulable: [AppointmentStatus] {
        switch self {
        case .patient: [.booked]
        case .doctor: [.booked, .scheduled, .confirmed]
        }
    }
}
