import AuditTrail
import CareSyncCore
import Directory
import Persistence

/// Reads and sets when doctors work.
struct WorkingHoursService: Sendable {
    let database: any Database
    let zone: ClinicZone

    /// The hours as they are afterwards.
    struct Changed: Sendable {
        let hours: WorkingHours
        /// How many coming appointments a new week leaves outside; they stay as they are. `nil` when the week stays.
        let affected: Int?
    }

    func find(_ doctor: DoctorID) async throws -> WorkingHours {
        try await database.read { db in
            guard let hours = try WorkingHoursRepository(db: db).find(doctor) else {
                throw SchedulingError.doctorNotFound
            }
            return hours
        }
    }

    /// Whoever books at the same time is judged wholly by the old hours or wholly by the new ones.
    ///
    /// - Parameter isExpected: whether a version of the hours is one the caller wants to change.
    func change(
        _ change: WorkingHoursChange, of doctor: DoctorID, origin: RequestOrigin,
        if isExpected: @escaping @Sendable (_ version: String) -> Bool
    ) async throws -> Changed {
        try await database.write { [zone] db in
            let repository = WorkingHoursRepository(db: db)
            guard try CalendarLock.take(doctor, db), var hours = try repository.find(doctor) else {
                throw SchedulingError.doctorNotFound
            }
            guard isExpected(hours.version) else { throw WorkingHoursError.changedMeanwhile }
            let now = db.now
            change.apply(to: &hours)
            try hours.settings.store(at: now, db)
            var affected: Int?
            if let spans = change.spans {
                try repository.replace(spans, of: doctor)
                let week = hours.week
                affected = try repository.booked(of: doctor, after: now).count { !week.covers($0, zone: zone) }
            }
            let action: AuditEntry.Action = origin.principal?.role == .admin ? .adminAction : .accountChange
            db.audit(AuditEntry(action, "working_hours", "\(doctor)", by: origin))
            try db.emit(WorkingHoursChanged(doctor: doctor))
            return Changed(hours: hours, affected: affected)
        }
    }
}
