import CareSyncCore
import Persistence

/// What is to be booked.
struct BookingOrder: Sendable {
    /// `.booking` by the patient, held when the doctor wants to be paid first; `.clinic` at the desk for somebody who pays
    /// there; or `.emergency`.
    let use: SlotUse
    let doctor: DoctorID
    let patient: PatientID
    let start: Instant
    let reason: String?

    /// Why it cannot be booked with any doctor.
    func check(now: Instant) throws {
        if use != .emergency, start <= now { throw SchedulingError.pastTime(SchedulingError.bookedTime) }
    }
}

extension BookingOrder {
    /// A planned appointment at the time a client named.
    init(
        _ use: SlotUse, doctor: DoctorID, patient: PatientID, at time: ClientDateTime, reason: String?, zone: ClinicZone
    ) throws {
        guard let start = zone.instant(of: time) else { throw SchedulingError.offGrid(SchedulingError.bookedTime) }
        self.init(use: use, doctor: doctor, patient: patient, start: start, reason: reason)
    }
}

/// What bookings of this process take turns at.
enum BookingTurn: Sendable, Hashable {
    /// Of many who want the same slot, the first one books; the others then look, and nearly all find it gone.
    case slot(DoctorID, Instant)
    /// The database would let two bookings of one patient wait for each other; here that costs no connection.
    case patient(PatientID)
}
