package import CareSyncCore
package import Directory
package import Documents
package import FeatureContract
package import Mail
package import Outbox
package import Payments
package import Persistence
package import Scheduling
package import WebAPI

/// Lab tests, what they cost, and their bookings.
package struct DiagnosticsFeature: Feature {
    package static let migrations = [LabTestSchema.migration, LabBookingSchema.migration]
    package static let sealedColumns = [SealedColumn("lab_bookings", "notes")]
    package let endpoints: [Endpoint]
    package let jobs: [JobHandler]
    package let mails: [MailKind]
    private let notices: LabBookingNotices

    /// `documents` tells of the reports of bookings.
    package init(
        database: any Database, zone: ClinicZone, vault: PatientVault, care: CareRelationship, desk: PaymentDesk,
        documents: DocumentLookup, isMailAvailable: Bool
    ) {
        let context = LabBookingContext(
            database: database, zone: zone, vault: vault, care: care, desk: desk, documents: documents)
        let paid = PaidLabBookingService(context: context)
        endpoints =
            LabTestEndpoints(tests: LabTestService(database: database), zone: zone).all
            + LabBookingEndpoints(
                bookings: LabBookingService(context: context), paid: paid,
                reading: LabBookingReading(context: context), changes: LabBookingChanges(context: context)
            ).all
        jobs = [.transaction(UnplacedLabBooking.self) { job, db in _ = try paid.abandon(job.booking, db) }]
        notices = LabBookingNotices(zone: zone, isMailAvailable: isMailAvailable)
        mails = notices.kinds
    }

    package func subscribe(to events: EventHub) { notices.subscribe(to: events) }

    /// Whose a booking is, for those who file its report.
    package static func labBooking(_ number: Int64, _ db: any Connection) throws -> Documents.LabBooking? {
        try LabBookingID(checking: number).flatMap { try LabBookingRepository(db: db).find($0) }
            .map { Documents.LabBooking(patient: $0.patientID, doctor: $0.doctorID) }
    }
}
