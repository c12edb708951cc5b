import CareSyncCore
import Cryptography
import Directory
import Persistence

/// Takes slots.
struct BookingService: Sendable {
    let database: any Database
    let zone: ClinicZone
    let vault: PatientVault

    struct Request: Sendable {
        let doctor: DoctorID
        let time: ClientDateTime
        let reason: String?
    }

    /// A booking with everything its answer shows.
    struct Booked: Sendable {
        let appointment: Appointment
        let doctor: AppointmentDoctor
        let reason: String?
    }

    /// Books a slot for a patient, once per idempotency key.
    ///
    /// Without a key a booking that succeeds is one round trip. Only one that does not is looked into.
    func book(
        _ request: Request, for patient: PatientID, by origin: RequestOrigin, idempotency: Idempotency<Booked>?
    ) async throws -> Replayable<Booked> {
        let now = database.services.time.now
        guard let start = zone.instant(of: request.time) else { throw SchedulingError.offGrid }
        if let refusal = SlotPolicy.refusal(of: start, now: now) { throw refusal }
        let attempt = BookingAttempt(
            zone: zone, vault: vault, request: request, patient: patient, start: start, now: now,
            videoRoomID: database.services.random.uuid(), origin: origin)
        guard idempotency == nil else {
            return try await database.write(idempotency: idempotency) { db in try attempt.run(db) }
        }
        if let slot = attempt.likelySlot {
            do {
                return .fresh(try await database.send { db in try attempt.take(slot, db) })
            } catch  where BookingAttempt.isRefusal(error) {}
        }
        if let refusal = try await database.read({ db in try attempt.refusal(db) }) { throw refusal }
        // The doctor's slots have another length, or the time has become free since.
        return .fresh(try await database.write { db in try attempt.run(db) })
    }

    /// What the sealed reason of an appointment is bound to.
    static func reasonField(_ id: AppointmentID) -> FieldContext {
        FieldContext(table: "appointments", column: "reason", row: id.rawValue)
    }
}
