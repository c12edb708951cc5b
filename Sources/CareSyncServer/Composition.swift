import AuditTrail
package import CareSyncCore
import CareSyncMetrics
import Cryptography
import Diagnostics
import Directory
package import Documents
import FeatureContract
package import Identity
package import Logging
package import Mail
package import ObjectStorage
import Operations
package import Outbox
import PDF
package import Payments
package import Persistence
import Records
import Reviews
package import Scheduling
package import WebAPI

/// The whole system, built bottom-up from plain initialisers. `caresync` and the tests build it here and nowhere else.
package struct CareSync: Sendable {
    package let configuration: ServerConfiguration
    package let database: any Database
    package let endpoints: [Endpoint]
    /// Long-lived work beside HTTP; any number of nodes may do it.
    let workers: [Worker]
    package let logger: Logger
    package let identity: IdentityFeature
    package let scheduling: SchedulingFeature
    /// Where documents lie.
    package let objects: any ObjectStore
    /// Who may see a patient.
    package let care: CareRelationship
    package let documents: DocumentsFeature
    /// Payments for those who have something to be paid.
    package let desk: PaymentDesk
    /// Carries out what is due; among the ``workers``, and by itself for tests that move the clock.
    package let outbox: OutboxWorkers
    /// Its runs are in the ``outbox``.
    package let retention: RetentionJob
    /// Its rows of repetitions are written by its worker.
    package let denials: DenialAudit
    let authenticator: Authenticator
    let checkpoints: AuditCheckpoints
    package let metrics: MetricsReport
    let demo: DemoSeeding

    /// What the database needs from the other parts; built before the database is opened.
    package static func databaseServices(
        _ keys: ServerConfiguration.Keys, time: TimeSource, random: RandomSource
    ) -> DatabaseServices {
        let chain = KeyedHash(keys.root.derive(.auditChain))
        let sealer = Sealer(keys.root.derive(.idempotency), random: random)
        return DatabaseServices(
            time: time, random: random,
            responseSealer: BlobSealer(
                seal: { try sealer.seal($0, for: $1) }, open: { try sealer.open($0, for: $1) }),
            parts: [
                AuditLog(firstShard: Int(random.bytes(1)[0]), authenticate: chain.code), OutboxSignal(),
            ])
    }

    /// - Parameter mailSender: replaces the configured sender in tests, as `objects` does the store; `mailHook` runs
    ///   between the sender's steps.
    package init(
        configuration: ServerConfiguration, database: any Database, logger: Logger, mailSender: (any MailSender)? = nil,
        objects: (any ObjectStore)? = nil, mailHook: @escaping MailDeliveryHandler.Hook = { _ in }
    ) async throws {
        let random = database.services.random
        let zone = configuration.zone
        let registry = MetricsRegistry()
        let pdf = try PDFRenderer()
        let care = CareRelationship(ties: [.authoredHistories, .prescribedTests])
        let objects = objects ?? configuration.storage.makeStore(time: database.services.time, random: random)

        let hasher = try PasswordHasher(cost: configuration.bcryptCost, random: random)
        let vault = PatientVault(ring: configuration.keys.ring, random: random, logger: logger)

        let settlement = SchedulingFeature.settlement(isMailAvailable: configuration.mail.isAvailable)
        let directory = DirectoryFeature(
            database: database, vault: vault, rootSecret: configuration.keys.root, clinicZone: zone,
            linkBase: configuration.linkBase, logger: logger, relation: Self.relation(care),
            availability: { db, doctors, date in
                try SchedulingFeature.doctorsWithFreeSlot(among: doctors, on: date, zone: zone, db: db)
            }, appointments: settlement)
        let identity = IdentityFeature(
            database: database, hasher: hasher, signer: await TokenSigner.make(configuration.keys.tokens),
            rootSecret: configuration.keys.root, clinicZone: zone,
            settings: configuration.identity, profiles: directory.profiles, appointments: settlement, logger: logger)
        let payments = PaymentsFeature(
            database: database, zone: zone, vault: vault, rootSecret: configuration.keys.root,
            settings: configuration.payments, payables: [AppointmentPayable(zone: zone), LabBookingPayable()], pdf: pdf,
            metrics: registry, logger: logger)
        let scheduling = SchedulingFeature(
            database: database, zone: zone, vault: vault, settings: configuration.scheduling, care: care,
            histories: RecordsFeature.histories(vault: vault), prepayment: Self.prepayment(payments.desk),
            payLink: Self.payLink(configuration), logger: logger)
        let documents = try DocumentsFeature(
            database: database, vault: vault, ring: configuration.keys.ring, rootSecret: configuration.keys.root,
            store: objects, clinicZone: zone, settings: configuration.documents,
            spool: configuration.dataDirectory + "/spool",
            needs: DocumentsFeature.Needs(
                care: { try care.access(of: $0, to: $1, db: $2) },
                treatedPatients: { "SELECT treated.patient_id FROM (\(care.patients(of: $0))) treated" },
                labBooking: DiagnosticsFeature.labBooking), logger: logger)
        let records = RecordsFeature(
            database: database, zone: zone, vault: vault, care: care, rootSecret: configuration.keys.root,
            settings: configuration.records, profiles: directory.profiles, pdf: pdf, logger: logger,
            patient: { patient, db in try DescribedPatient.find(patient, directory.profiles, db) },
            labReports: { try documents.lookup.labReports(of: $0, for: $1, .whole, $2) })
        let health = HealthEndpoints(database: database)
        metrics = MetricsReport(registry: registry, database: database)

        let features: [any Feature] = [
            identity, OperationsFeature(database: database), directory, scheduling, payments, documents, records,
            ReviewsFeature(database: database, vault: vault, zone: zone, scheduling: scheduling),
            DiagnosticsFeature(
                database: database, zone: zone, vault: vault, care: care, desk: payments.desk,
                documents: documents.lookup, isMailAvailable: configuration.mail.isAvailable),
        ]
        for feature in features { feature.subscribe(to: database.services.events) }
        retention = RetentionJob(
            database: database,
            rules: RetentionJob.platformRules + MailSchema.retentionRules + features.flatMap(\.retention),
            logger: logger)
        let delivering = try MailDeliveryHandler(
            database: database, sender: mailSender ?? configuration.mail.makeSender(), from: configuration.mail.from,
            rootSecret: configuration.keys.root, kinds: features.flatMap(\.mails), logger: logger, hook: mailHook)
        outbox = try OutboxWorkers(
            database: database,
            handlers: features.flatMap(\.jobs) + [retention.handler] + delivering.handlers
                + database.services.events.durableHandlers, logger: logger)
        denials = DenialAudit(database: database, logger: logger)
        checkpoints = AuditCheckpoints(database: database, file: configuration.checkpointFile, logger: logger)

        self.objects = objects
        self.configuration = configuration
        self.database = database
        self.logger = logger
        self.identity = identity
        authenticator = identity.authenticator
        demo = DemoSeeding(
            database: database, vault: vault, names: PatientNames(rootSecret: configuration.keys.root),
            identity: identity, zone: zone)
        endpoints =
            health.all + (configuration.metricsPort == nil ? MetricsEndpoints(report: metrics).all : [])
            + features.flatMap(\.endpoints)
        self.scheduling = scheduling
        self.care = care
        self.documents = documents
        desk = payments.desk
        // The last stops first: what the others write is in the last checkpoints.
        workers =
            [
                Worker("audit checkpoints", run: checkpoints.run), Worker("outbox", run: outbox.run),
                Worker("clean-up", run: retention.run), Worker("refusals", run: denials.run),
            ] + features.flatMap(\.workers)
    }

    /// Money that came before its appointment, for scheduling, which stands below the feature that keeps it.
    private static func prepayment(_ desk: PaymentDesk) -> Prepayment {
        Prepayment(
            rows: { PaymentDesk.unlinked(of: $0, amount: $1, for: .appointment, at: $2) },
            link: { try desk.link($0, of: $1, amount: $2, origin: $3, $4) != nil })
    }

    /// Where held appointments are paid without signing in; nowhere when nothing can be paid online.
    private static func payLink(_ configuration: ServerConfiguration) -> PayLink {
        guard configuration.payments.account != nil else { return { _ in nil } }
        let links = PayLinks(configuration.keys.root, linkBase: configuration.linkBase)
        return { links.link(PayableID(.appointment, $0.rawValue)) }
    }

    /// Who treats whom, for the directory, which stands below the feature that knows.
    private static func relation(_ care: CareRelationship) -> PatientRelation {
        PatientRelation(
            access: { doctor, patient, db in
                try care.access(of: doctor, to: patient, db: db).map {
                    PatientRelation.Access(auditReason: $0.auditReason)
                }
            }, treated: { care.patients(of: $0) })
    }
}
