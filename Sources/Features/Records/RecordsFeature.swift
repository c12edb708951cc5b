package import CareSyncCore
package import Cryptography
package import Directory
package import FeatureContract
package import Identity
package import Logging
package import Mail
package import PDF
package import Persistence
package import Scheduling
package import Settings
package import WebAPI

/// The medical record: history with prescriptions, allergies and medication, vitals.
package struct RecordsFeature: Feature {
    package static let migrations = [
        HistorySchema.migration, PrescriptionSchema.migration, HealthSchema.migration, VitalsSchema.migration,
    ]
    package static let settings: [Setting] = [.correctionHours]
    package static let sealedColumns =
        (["symptoms", "diagnosis", "treatment", "medicine", "doses", "notes", "prescription"] as [StaticString])
        .map { SealedColumn("medical_histories", $0) } + [
            SealedColumn("medical_history_versions", "content"), SealedColumn("medical_history_amendments", "text"),
            SealedColumn("patient_health", "allergies", row: "patient_id"),
            SealedColumn("patient_health", "medications", row: "patient_id"),
            SealedColumn("patient_health_versions", "content"), SealedColumn("vitals", "measurements"),
        ]
    package let endpoints: [Endpoint]
    package let mails: [MailKind]
    private let alerts: VitalsAlerts

    /// - Parameters:
    ///   - patient: a patient as Directory shows them; `nil` when there is none.
    ///   - labReports: the patient's lab reports, the newest first, with links for the reader.
    package init<Patient: WireValue, Document: WireValue>(
        database: any Database, zone: ClinicZone, vault: PatientVault, care: CareRelationship, rootSecret: RootSecret,
        settings: RecordsSettings, profiles: AccountProfiles, pdf: PDFRenderer, logger: Logger,
        patient: @escaping @Sendable (PatientID, any Connection) throws -> Patient?,
        labReports: @escaping @Sendable (PatientID, UserID, any Connection) throws -> Page<Document>
    ) {
        let context = RecordsContext(
            database: database, zone: zone, vault: vault, access: RecordAccess(care: care),
            codes: PrescriptionCodes(rootSecret), settings: settings)
        let responses = HistoryResponses(context: context)
        let (reading, writing) = (HistoryService(context: context), HistoryWritingService(context: context))
        let sources = CompleteDataSources(patient: patient, labReports: labReports)
        endpoints =
            HistoryEndpoints(histories: reading, responses: responses).all
            + HistoryWritingEndpoints(
                histories: writing, amendments: AmendmentService(context: context), responses: responses
            ).all
            + PatientHistoryEndpoints(histories: reading, writing: writing, responses: responses).all
            + CompleteDataEndpoints(
                service: CompleteDataService(context: context, sources: sources), responses: responses
            ).all
            + HealthEndpoints(health: HealthService(context: context)).all
            + VitalsEndpoints(vitals: VitalsService(context: context)).all
            + PrescriptionEndpoints(prescriptions: PrescriptionService(context: context), renderer: pdf, logger: logger)
            .all
        alerts = VitalsAlerts(care: care, zone: zone, isMailAvailable: settings.isMailAvailable)
        mails = [alerts.kind(profiles)]
    }

    package func subscribe(to events: EventHub) { alerts.subscribe(to: events) }

    /// Fills the doctors' lists of appointments: the newest entries of each patient, and those of the appointments.
    package static func histories(vault: PatientVault) -> HistoryReader {
        { patients, appointments, db in
            guard !patients.isEmpty else { return [:] }
            let keys = try vault.keys(for: patients, db)
            let records = try HistoryRepository(db: db).list(
                of: patients.sorted(), newest: entriesInLists, or: appointments)
            let items = try records.map { record in
                (record.patientID, try item(record, keys[record.patientID], vault))
            }
            return Dictionary(grouping: items, by: \.0).mapValues { $0.map(\.1) }
        }
    }

    private static let entriesInLists = 20

    /// Without texts when the patient is erased, or the key is lost.
    private static func item(
        _ record: SealedHistory, _ key: PatientKey?, _ vault: PatientVault
    ) throws -> HistoryItem {
        let texts = try key.flatMap { try record.texts.open(of: record.id, with: $0, vault) }
        return HistoryItem(
            id: record.id.rawValue, doctor: record.doctorID, visitDate: record.visitDate, symptoms: texts?.symptoms,
            diagnosis: texts?.diagnosis, treatment: texts?.treatment, medicine: texts?.medicine, doses: texts?.doses,
            notes: texts?.notes, appointment: record.appointmentID)
    }
}
