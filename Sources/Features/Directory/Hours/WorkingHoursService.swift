import CareSyncCore
import Persistence

/// Reads and sets when doctors work.
struct WorkingHoursService: Sendable {
    let database: any Database

    func find(_ doctor: DoctorID) async throws -> WorkingHours {
        try await database.read { db in
            guard let hours = try WorkingHoursRepository(db: db).find(doctor) else { throw DoctorError.notFound }
            return hours
        }
    }

    /// Replaces the hours; settings that are not mentioned stay. Appointments outside the new hours stay as they are.
    /// Whoever books at the same time is judged wholly by the old hours or wholly by the new ones.
    func replace(
        _ change: WorkingHoursRequest, of doctor: DoctorID, origin: RequestOrigin
    ) async throws -> WorkingHours {
        try await database.write { db in
            let hours = WorkingHoursRepository(db: db)
            guard try CalendarLock.take(doctor, db), var found = try hours.find(doctor) else {
                throw DoctorError.notFound
            }
            change.apply(to: &found.settings)
            found.spans = change.spans
            try hours.update(found.settings, at: db.scope.services.time.now)
            try hours.replace(found.spans, of: doctor)
            let action: AuditEntry.Action = origin.principal?.role == .admin ? .adminAction : .accountChange
            db.audit(AuditEntry(action, "working_hours", "\(doctor)", by: origin))
            try db.emit(WorkingHoursChanged(doctor: doctor))
            return found
        }
    }
}
