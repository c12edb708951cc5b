import AuditTrail
import CareSyncCore
import Directory
import Documents
import FeatureContract
import Payments
import Persistence
import Scheduling

/// What the services of lab bookings share.
struct LabBookingContext: Sendable {
    let database: any Database
    let zone: ClinicZone
    let vault: PatientVault
    let care: CareRelationship
    let desk: PaymentDesk
    let documents: DocumentLookup

    func lists(_ db: any Connection) -> LabBookingLists { LabBookingLists(db: db, care: care) }
}

/// A booking with everything that is shown of it.
struct LabBookingView: Sendable {
    let booking: LabBooking
    /// `nil` when the patient's key is lost.
    let patientName: String?
    let doctorName: String?
    /// Empty for administrators without an open grant, as are notes and reports.
    let tests: [LabTest]
    let notes: String?
    let payment: PaymentSummary?
    let reports: [DocumentResponse]
    /// For the audit log: why it is shown, when neither treatment nor prescription is the reason.
    let grant: BreakGlassID?
}

/// Opens bookings, whatever their number in the same few queries.
struct LabBookingOpening {
    let context: LabBookingContext
    let db: any Connection
    let reader: Principal

    func open(_ rows: [LabBookingRow]) throws -> [LabBookingView] {
        guard !rows.isEmpty else { return [] }
        let shown = rows.filter(seesClinical).map(\.booking.id)
        let tests = Dictionary(
            grouping: shown.isEmpty ? [] : try LabBookingRepository(db: db).tests(of: shown), by: \.booking)
        let reports = shown.isEmpty ? [:] : try reports(of: shown)
        let payments = try context.desk.summaries(of: .labBooking, rows.map(\.booking.id.rawValue), db)
        let keys = try context.vault.keys(for: rows.map(\.booking.patientID), db)
        return try rows.map { row in
            let (booking, key) = (row.booking, keys[row.booking.patientID])
            let notes = seesClinical(row) ? booking.sealedNotes : nil
            return LabBookingView(
                booking: booking, patientName: try key.flatMap { try context.vault.open(row.patient, with: $0)?.name },
                doctorName: row.doctorName, tests: tests[booking.id]?.map(\.test) ?? [],
                notes: try notes.flatMap { sealed in
                    try key.flatMap {
                        try context.vault.open(sealed, with: $0, at: LabBooking.notesField(booking.id))
                    }
                }, payment: payments[booking.id.rawValue], reports: reports[booking.id.rawValue] ?? [],
                grant: row.grant)
        }
    }

    /// One booking; throws when the patient's key does not open.
    func open(_ row: LabBookingRow) throws -> LabBookingView {
        _ = try context.vault.key(for: row.booking.patientID, db)
        return try open([row])[0]
    }

    /// The booking as it is now, for whoever has just changed it.
    func find(_ id: LabBookingID) throws -> LabBookingView {
        guard let row = try context.lists(db).find(id, for: LabBookingReader(reader)) else { throw Problem.fault }
        return try open(row)
    }

    /// What belongs to the treatment stays closed to administrators without an open grant (rules/access 7).
    private func seesClinical(_ row: LabBookingRow) -> Bool { reader.role != .admin || row.grant != nil }

    private func reports(of bookings: [LabBookingID]) throws -> [Int64: [DocumentResponse]] {
        try context.documents.labReports(ofBookings: bookings.map(\.rawValue), for: reader.userID, db)
    }
}
