package import CareSyncCore
package import Cryptography
package import Directory
package import FeatureContract
import FileTypes
package import Logging
package import ObjectStorage
package import Outbox
package import Persistence
import SealedFiles
package import Settings
package import WebAPI

/// Documents of patients and doctors, sealed in a store of objects; profile images, certificates and shares.
package struct DocumentsFeature: Feature {
    package static let migrations = DocumentSchema.migrations
    package static let settings: [Setting] = [.uploadLimit, .deletedDocuments]
    /// The keys of patients' documents; names, descriptions and digests are sealed with these.
    package static let sealedColumns = [SealedColumn("documents", "wrapped_key")]
    package let endpoints: [Endpoint]
    package let jobs: [JobHandler]
    package let retention: [RetentionRule]
    /// Documents for other features.
    package let lookup: DocumentLookup
    /// Where the bytes are.
    package let store: OwnedStore
    private let sweep: DocumentSweep

    /// What the feature needs from others.
    package struct Needs: Sendable {
        let care: CareProbe
        let treatedPatients: @Sendable (DoctorID) -> SQL
        let labBooking: LabBookingProbe

        /// - Parameters:
        ///   - care: what lets a doctor see a patient.
        ///   - treatedPatients: selects the ids of the patients a doctor treats.
        ///   - labBooking: whose a laboratory booking is.
        package init(
            care: @escaping CareProbe, treatedPatients: @escaping @Sendable (DoctorID) -> SQL,
            labBooking: @escaping LabBookingProbe
        ) {
            self.care = care
            self.treatedPatients = treatedPatients
            self.labBooking = labBooking
        }
    }

    /// - Parameter spool: the folder in which ciphertext waits while a file arrives.
    package init(
        database: any Database, vault: PatientVault, ring: KeyRing, rootSecret: RootSecret, store: any ObjectStore,
        clinicZone: ClinicZone, settings: DocumentSettings, spool: String, needs: Needs, logger: Logger
    ) throws {
        let random = database.services.random
        let store = OwnedStore(store, of: database)
        self.store = store
        let vault = DocumentVault(patients: vault, ring: ring, random: random, logger: logger)
        let links = DocumentLinks(base: settings.linkBase, lifetime: settings.linkLifetime, root: rootSecret)
        let access = DocumentAccess(care: needs.care)
        let presenter = DocumentPresenter(links: links, zone: clinicZone)
        let reading = DocumentReading(
            database: database, vault: vault, access: access, links: links, files: SealedFileReader(store: store),
            logger: logger)
        let desk = UploadDesk(
            uploads: UploadService(
                database: database, vault: vault, access: access, links: links, store: store,
                labBooking: needs.labBooking, logger: logger),
            receiver: FileReceiver(
                inspector: try FileInspector(), settings: settings, spoolFolder: spool, random: random),
            presenter: presenter)
        let documents = DocumentService(
            database: database, vault: vault, access: access, treatedPatients: needs.treatedPatients)
        endpoints =
            FileUploadEndpoints(desk: desk).all + PatientUploadEndpoints(desk: desk).all
            + ReadingEndpoints(reading: reading).all
            + DocumentEndpoints(documents: documents, presenter: presenter).all
            + ShareEndpoints(shares: ShareService(database: database, links: links, reading: reading)).all
        sweep = DocumentSweep(
            database: database, store: store, zone: clinicZone, keepsDeleted: settings.keepsDeleted, logger: logger)
        jobs = [sweep.handler]
        // For a month a share that is over is listed with its views.
        retention = [
            RetentionRule(table: "document_shares") { now in "expires_at < \(now - .days(30))" }
        ]
        lookup = DocumentLookup(vault: vault, presenter: presenter)
    }

    package var workers: [Worker] { [Worker("document sweep", run: sweep.run)] }

    /// Ensures that the next sweep is in the outbox, as its worker does.
    package func scheduleSweep() async throws { try await sweep.schedule() }
}

/// Documents for other features, with links for whoever reads them there.
package struct DocumentLookup: Sendable {
    let vault: DocumentVault
    let presenter: DocumentPresenter

    /// The newest laboratory reports of a patient. The caller has judged who reads, and audits it.
    package func labReports(
        of patient: PatientID, for reader: UserID, _ page: PageRequest = .whole, _ db: any Connection
    ) throws -> Page<DocumentResponse> {
        let found = try DocumentRepository(db: db).page(
            DocumentRepository.Filter(owner: .patient(patient), only: .labReport), page)
        return found.replacing(
            try vault.open(found.items, db).map { presenter.response($0, for: reader, at: db.now) })
    }
    /// The reports that were filed for laboratory bookings, by booking, the newest first. The caller has judged who reads,
    /// and audits it.
    package func labReports(
        ofBookings bookings: [Int64], for reader: UserID, _ db: any Connection
    ) throws -> [Int64: [DocumentResponse]] {
        let filed = try DocumentRepository(db: db).labReports(ofBookings: bookings)
        let bookings = Dictionary(filed.map { ($0.document.id, $0.booking) }) { first, _ in first }
        let opened = try vault.open(filed.map(\.document), db)
        let now = db.now
        return Dictionary(grouping: opened) { bookings[$0.id] ?? 0 }
            .mapValues { reports in reports.map { presenter.response($0, for: reader, at: now) } }
    }

    package func hasLabReport(ofBooking booking: Int64, _ db: any Connection) throws -> Bool {
        try !DocumentRepository(db: db).labReports(ofBookings: [booking]).isEmpty
    }
}
