import Testing

@testable import Scheduling

@Suite("Appointment status")
struct AppointmentStatusTests {
    /// The table of rules/appointments 2, written out, and NO_SHOW.
    private static let doctorMoves: [AppointmentStatus: Set<AppointmentStatus>] = [
        .booked: [.scheduled, .confirmed, .inProgress, .cancelledByDoctor, .noShow],
        .scheduled: [.confirmed, .inProgress, .cancelledByDoctor, .noShow],
        .confirmed: [.inProgress, .completed, .cancelledByDoctor, .noShow],
        .inProgress: [.completed, .cancelledByDoctor, .noShow],
    ]
    private static let patientMoves: [AppointmentStatus: Set<AppointmentStatus>] = [
        .booked: [.cancelledByPatient], .confirmed: [.cancelledByPatient],
    ]

    @Test("a doctor may make exactly the moves of the table", arguments: AppointmentStatus.allCases)
    func doctor(from: AppointmentStatus) {
        let allowed = AppointmentStatus.allCases.filter { StatusMover.doctor.mayMove(from, to: $0) }
        #expect(Set(allowed) == Self.doctorMoves[from] ?? [])
    }

    @Test("a patient may cancel what is booked or confirmed, nothing else", arguments: AppointmentStatus.allCases)
    func patient(from: AppointmentStatus) {
        let allowed = AppointmentStatus.allCases.filter { StatusMover.patient.mayMove(from, to: $0) }
        #expect(Set(allowed) == Self.patientMoves[from] ?? [])
    }

    @Test("a status is read whatever its case")
    func anyCase() {
        #expect(AppointmentStatus(anyCase: "in_progress") == .inProgress)
        #expect(AppointmentStatus(anyCase: "Booked") == .booked)
        #expect(AppointmentStatus(anyCase: "RESCHEDULED") == nil)
    }
}
