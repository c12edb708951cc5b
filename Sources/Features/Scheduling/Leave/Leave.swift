import CareSyncCore
import Persistence
import WebAPI

enum LeaveTag {}
typealias LeaveID = ID<LeaveTag>

/// A span of whole days, both ends included, on which a doctor takes no appointments.
struct Leave: RowDecodable, Equatable {
    let id: LeaveID
    let doctorID: DoctorID
    let startDate: LocalDate
    let endDate: LocalDate
    let reason: String?
    let createdAt: Instant

    init(row: Row) throws {
        id = try row.value("id")
        doctorID = try row.value("doctor_id")
        startDate = try row.value("start_date")
        endDate = try row.value("end_date")
        reason = try row.value("reason")
        createdAt = try row.value("created_at")
    }
}

/// An appointment that falls within the leave.
struct AffectedAppointment: WireValue, Equatable {
    let appointmentId: AppointmentID
    /// With the clinic's offset.
    let startsAt: OffsetDateTime
}

enum LeaveError: FailureCatalogue, Equatable {
    case notFound, overlap
    /// With the nearest ``mostListed`` of so many.
    case hasAppointments([AffectedAppointment], total: Int)

    static let mostListed = 100

    var problem: Problem {
        switch self {
        case .notFound: Problem(.notFound, "LEAVE_NOT_FOUND", "There is no such leave.")
        case .overlap: Problem(.conflict, "LEAVE_OVERLAP", "You have another leave on some of these days.")
        case .hasAppointments(let affected, let total):
            Problem(
                .conflict, "LEAVE_HAS_APPOINTMENTS",
                "Appointments are booked on these days: \(total). Move or cancel them first.",
                ["affected": affected, "total": total], shape: "LeaveConflict")
        }
    }
}
