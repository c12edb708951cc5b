package import CareSyncCore
import Directory
import FeatureContract

/// A doctor's hours together with the settings of the slots cut from them.
struct WorkingHours: Sendable, Equatable {
    var settings: CalendarSettings
    /// The doctor's own rows; empty for the standard hours.
    var spans: [WorkingSpan]

    var week: WorkingWeek { WorkingWeek(rows: spans) }

    /// Another one after every change of what is shown, the fee's effect on the payment policy included.
    var version: String { "\(settings.version)-\(settings.paymentPolicy.rawValue)" }
}

enum WorkingHoursError: FailureCatalogue, CaseIterable {
    case changedMeanwhile

    var problem: Problem {
        switch self {
        case .changedMeanwhile:
            Problem(
                .preconditionFailed, "PRECONDITION_FAILED", "The working hours have changed since you read them.")
        }
    }
}

/// What is to become of a doctor's hours. What is not mentioned stays.
struct WorkingHoursChange: Sendable {
    /// The whole week; a day without a span is not worked.
    var spans: [WorkingSpan]?
    var slotMinutes: Int?
    var bufferBeforeMinutes: Int?
    var bufferAfterMinutes: Int?
    var minimumNoticeMinutes: Int?
    var horizonDays: Int?
    var paymentChoice: PaymentChoice?
    var cancellationTerms: CancellationTerms?

    func apply(to hours: inout WorkingHours) {
        hours.spans = spans ?? hours.spans
        hours.settings.slotMinutes = slotMinutes ?? hours.settings.slotMinutes
        hours.settings.bufferBeforeMinutes = bufferBeforeMinutes ?? hours.settings.bufferBeforeMinutes
        hours.settings.bufferAfterMinutes = bufferAfterMinutes ?? hours.settings.bufferAfterMinutes
        hours.settings.minimumNoticeMinutes = minimumNoticeMinutes ?? hours.settings.minimumNoticeMinutes
        hours.settings.horizonDays = horizonDays ?? hours.settings.horizonDays
        hours.settings.paymentChoice = paymentChoice ?? hours.settings.paymentChoice
        hours.settings.cancellationTerms = cancellationTerms ?? hours.settings.cancellationTerms
    }
}

/// A doctor's hours, or what is booked by them, have changed.
package struct WorkingHoursChanged: DomainEvent, Equatable {
    package let doctor: DoctorID
}
