import AuditTrail
import CareSyncCore
import Directory
import Identity
import Persistence

/// When doctors are away.
struct LeaveService: Sendable {
    let context: SchedulingContext

    /// A leave lasts at most a year and begins at most two years ahead (rules/leave-and-hours 3).
    static let longestDays = 365
    static let horizonDays = 730

    struct NewLeave: Sendable {
        let startDate: LocalDate
        let endDate: LocalDate
        let reason: String?
        /// `nil` refuses a leave over booked appointments.
        let handling: AffectedHandling?
    }

    func list(of doctor: DoctorID, onlyUpcoming: Bool, _ page: PageRequest) async throws -> Page<Leave> {
        let today = context.zone.date(at: context.database.services.time.now)
        return try await context.database.read { db in
            try LeaveRepository(db: db).list(of: doctor, endingFrom: onlyUpcoming ? today : nil, page)
        }
    }

    func add(
        _ new: NewLeave, for doctor: DoctorID, origin: RequestOrigin, idempotency: Idempotency<Leave>?
    ) async throws -> Replayable<Leave> {
        try await context.database.write(idempotency: idempotency) { [context] db in
            let now = db.now
            try Self.check(new, today: context.zone.date(at: now))
            let leaves = LeaveRepository(db: db)
            try CalendarLock.take(doctor, db)
            guard try !leaves.overlaps(of: doctor, from: new.startDate, to: new.endDate) else {
                throw LeaveError.overlap
            }
            let span = Interval(
                start: context.zone.startOfDay(new.startDate),
                end: context.zone.startOfDay(new.endDate.adding(days: 1)))
            let affected = try leaves.appointments(of: doctor, touching: span, now: now)
            if !affected.isEmpty { try settle(affected, new.handling, origin, db) }
            guard let leave = try leaves.insert(doctor, new.startDate, new.endDate, new.reason, at: now) else {
                throw Problem.fault
            }
            db.audit(AuditEntry(.accountChange, "doctor_leaves", "\(leave.id)", by: origin, reason: "ADDED"))
            try db.emit(LeaveAdded(doctor: doctor, startDate: leave.startDate, endDate: leave.endDate))
            return leave
        }
    }

    func remove(_ id: LeaveID, for doctor: DoctorID, origin: RequestOrigin) async throws {
        try await context.database.write { db in
            let leaves = LeaveRepository(db: db)
            try CalendarLock.take(doctor, db)
            guard let leave = try leaves.find(id, of: doctor) else { throw LeaveError.notFound }
            try leaves.delete(id)
            db.audit(AuditEntry(.accountChange, "doctor_leaves", "\(id)", by: origin, reason: "REMOVED"))
            try db.emit(LeaveRemoved(doctor: doctor, startDate: leave.startDate, endDate: leave.endDate))
        }
    }

    private static func check(_ new: NewLeave, today: LocalDate) throws {
        var errors: [FieldError] = []
        if new.startDate < today {
            errors.append(FieldError(field: "startDate", message: "must be today or later"))
        } else if new.startDate > today.adding(days: horizonDays) {
            errors.append(FieldError(field: "startDate", message: "must be within two years"))
        }
        if new.endDate < new.startDate {
            errors.append(FieldError(field: "endDate", message: "must not be before the start"))
        } else if new.endDate.daysSinceEpoch - new.startDate.daysSinceEpoch >= longestDays {
            errors.append(FieldError(field: "endDate", message: "must be at most \(longestDays) days from the start"))
        }
        if !errors.isEmpty { throw Problem.validation(errors) }
    }

    private func settle(
        _ affected: [Appointment], _ handling: AffectedHandling?, _ origin: RequestOrigin, _ db: any Connection
    ) throws {
        switch handling {
        case .keep: return
        case .cancel:
            let keys = try context.vault.keys(for: affected.map(\.patientID), db)
            for appointment in affected { try cancel(appointment, keys[appointment.patientID], origin, db) }
        case nil:
            let nearest = affected.prefix(LeaveError.mostListed).map {
                AffectedAppointment(appointmentId: $0.id, startsAt: OffsetDateTime($0.startsAt, zone: context.zone))
            }
            throw LeaveError.hasAppointments(nearest, total: affected.count)
        }
    }

    /// Without a key nobody could read why.
    private func cancel(
        _ appointment: Appointment, _ key: PatientKey?, _ origin: RequestOrigin, _ db: any Connection
    ) throws {
        let sealed = try key.flatMap { (key: PatientKey) -> [UInt8]? in
            guard key.isUsable else { return nil }
            return try context.vault.seal(
                "The doctor is on leave.", with: key, at: AppointmentReasons.cancellationField(appointment.id))
        }
        try StatusChange.apply(.cancelledByDoctor, to: appointment, because: sealed, by: origin, db)
    }
}
