import AuditTrail
import CareSyncCore
import Directory
import Persistence
import Scheduling

/// Shows bookings. Each look is one line of the audit log.
struct LabBookingReading: Sendable {
    let context: LabBookingContext

    func find(_ id: LabBookingID, by caller: Principal, origin: RequestOrigin) async throws -> LabBookingView {
        try await context.database.readAudited { [context] db in
            let (row, reason) = try LabBookingAccess(context: context).find(id, for: caller, db)
            let view = try LabBookingOpening(context: context, db: db, reader: caller).open(row)
            let entry = AuditEntry(
                .readPHI, "lab_bookings", "\(id)", by: origin, patient: view.booking.patientID, reason: reason)
            return (view, [entry])
        }
    }

    /// What the caller may see of everybody's: a doctor what they prescribed, and the bookings of patients they treat.
    func list(
        _ filter: LabBookingFilter, _ page: PageRequest, by caller: Principal, origin: RequestOrigin
    ) async throws -> Page<LabBookingView> {
        try await context.database.readAudited { [context] db in
            let scope: LabBookingScope
            switch try LabBookingReader(caller) {
            case .patient(let patient): scope = .patient(patient)
            case .administrator: scope = .everybody
            case .doctor(let doctor):
                try VerifiedDoctor.require(doctor, db)
                scope = .doctor(doctor)
            }
            let views = try Self.views(scope, filter, page, for: caller, context, db)
            return (views, Self.entries(for: views.items, origin))
        }
    }

    func list(
        of patient: PatientID, _ page: PageRequest, by caller: Principal, origin: RequestOrigin
    ) async throws -> Page<LabBookingView> {
        try await context.database.readAudited { [context] db in
            let reason = try LabBookingAccess(context: context).require(caller, on: patient, db)
            let views = try Self.views(.patient(patient), .all, page, for: caller, context, db)
            let entry = AuditEntry(.readPHI, "lab_bookings", "", by: origin, patient: patient, reason: reason)
            return (views, [entry])
        }
    }

    func count(of patient: PatientID, by caller: Principal, origin: RequestOrigin) async throws -> Int {
        try await context.database.readAudited { [context] db in
            let reason = try LabBookingAccess(context: context).require(caller, on: patient, db)
            let entry = AuditEntry(.readPHI, "lab_bookings", "", by: origin, patient: patient, reason: reason)
            return (try context.lists(db).count(of: patient), [entry])
        }
    }

    private static func views(
        _ scope: LabBookingScope, _ filter: LabBookingFilter, _ page: PageRequest, for caller: Principal,
        _ context: LabBookingContext, _ db: any Connection
    ) throws -> Page<LabBookingView> {
        let rows = try context.lists(db).page(scope, filter, page, for: LabBookingReader(caller))
        return rows.replacing(try LabBookingOpening(context: context, db: db, reader: caller).open(rows.items))
    }

    /// One line for the patients whose data is shown by right, and one for each grant.
    private static func entries(for views: [LabBookingView], _ origin: RequestOrigin) -> [AuditEntry] {
        Dictionary(grouping: views, by: \.grant)
            .sorted { ($0.key?.rawValue ?? 0) < ($1.key?.rawValue ?? 0) }
            .map { grant, shown in
                AuditEntry(
                    .readPHI, "lab_bookings", "", by: origin, patients: shown.map(\.booking.patientID),
                    reason: grant.map { CareAccess.breakGlass($0).auditReason } ?? nil)
            }
    }
}

/// Who may see and change which bookings (rules/lab-bookings 2).
struct LabBookingAccess {
    let context: LabBookingContext

    /// For routes that name the patient: the patient, verified doctors who may see the patient, administrators. Throws 403
    /// before it looks for the patient, of whom only administrators learn that there is none. Why, for the audit log.
    func require(_ caller: Principal, on patient: PatientID, _ db: any Connection) throws -> String? {
        switch try LabBookingReader(caller) {
        case .patient(let own):
            guard own == patient else { throw Problem.accessDenied }
            return nil
        case .doctor(let doctor):
            try VerifiedDoctor.require(doctor, db)
            guard let access = try context.care.access(of: doctor, to: patient, db: db) else {
                throw Problem.accessDenied
            }
            return access.auditReason
        case .administrator(let user):
            guard try LabBookingRepository(db: db).isActive(patient) != nil else {
                throw SchedulingError.patientNotFound
            }
            return try context.care.access(ofAdministrator: user, to: patient, db: db)?.auditReason
        }
    }

    /// For routes that name the booking: one that the caller may not see is unknown.
    func find(
        _ id: LabBookingID, for caller: Principal, _ db: any Connection
    ) throws -> (row: LabBookingRow, auditReason: String?) {
        let reader = try LabBookingReader(caller)
        if case .doctor(let doctor) = reader { try VerifiedDoctor.require(doctor, db) }
        guard let row = try context.lists(db).find(id, for: reader) else { throw LabBookingError.notFound }
        switch reader {
        case .patient(let patient):
            guard row.booking.patientID == patient else { throw LabBookingError.notFound }
            return (row, nil)
        case .doctor(let doctor):
            if row.booking.doctorID == doctor { return (row, nil) }
            guard let access = try context.care.access(of: doctor, to: row.booking.patientID, db: db) else {
                throw LabBookingError.notFound
            }
            return (row, access.auditReason)
        case .administrator:
            return (row, row.grant.map { CareAccess.breakGlass($0).auditReason } ?? nil)
        }
    }
}
