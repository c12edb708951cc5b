import AuditTrail
package import CareSyncCore
import Cryptography
import Directory
package import Documents
import FeatureContract
package import Identity
package import Logging
package import Mail
package import ObjectStorage
import Operations
package import Outbox
package import Persistence
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
    package let documents: DocumentsFeature
    /// Carries out what is due; among the ``workers``, and by itself for tests that move the clock.
    package let outbox: OutboxWorkers
    /// Its runs are in the ``outbox``.
    package let retention: RetentionJob
    /// Its rows of repetitions are written by its worker.
    package let denials: DenialAudit
    let authenticator: Authenticator
    let checkpoints: AuditCheckpoints
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

    /// - Parameter mailSender: replaces the configured sender in tests; `mailHook` runs between its steps, and `objectStore`
    ///   replaces the configured store.
    package init(
        configuration: ServerConfiguration, database: any Database, logger: Logger, mailSender: (any MailSender)? = nil,
        mailHook: @escaping MailDeliveryHandler.Hook = { _ in }, objectStore: (any ObjectStore)? = nil
    ) async throws {
        let random = database.services.random
        let zone = configuration.zone

        let hasher = try PasswordHasher(cost: configuration.bcryptCost, random: random)
        let vault = PatientVault(ring: configuration.keys.ring, random: random, logger: logger)

        let settlement = SchedulingFeature.settlement(isMailAvailable: configuration.mail.isAvailable)
        let directory = DirectoryFeature(
            database: database, vault: vault, clinicZone: zone, logger: logger,
            availability: { db, doctors, date in
                try SchedulingFeature.doctorsWithFreeSlot(among: doctors, on: date, zone: zone, db: db)
            }, appointments: settlement)
        var identitySettings = IdentitySettings(
            emailVerificationRequired: configuration.emailVerification == .required,
            exemptsLoopback: configuration.mode == .development,
            adminFactorRequired: configuration.adminSecondFactor == .required)
        identitySettings.isMailAvailable = configuration.mail.isAvailable
        identitySettings.administration = configuration.web.adminNetworks
        identitySettings.linkLifetime = configuration.linkLifetime
        identitySettings.linkBase = configuration.linkBase
        let identity = IdentityFeature(
            database: database, hasher: hasher, signer: await TokenSigner.make(configuration.keys.tokens),
            rootSecret: configuration.keys.root, clinicZone: zone,
            settings: identitySettings,
            profiles: directory.profiles, appointments: settlement, logger: logger)
        var schedulingSettings = configuration.scheduling
        schedulingSettings.isMailAvailable = configuration.mail.isAvailable
        let scheduling = SchedulingFeature(
            database: database, zone: zone, vault: vault, settings: schedulingSettings, logger: logger)
        let documents = try Self.documents(
            configuration, database, vault, store: objectStore, logger: logger)
        let health = HealthEndpoints(database: database)

        let features: [any Feature] = [
            identity, OperationsFeature(database: database), directory, scheduling, documents,
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

        self.configuration = configuration
        self.database = database
        self.logger = logger
        self.identity = identity
        authenticator = identity.authenticator
        demo = DemoSeeding(database: database, vault: vault, identity: identity, zone: zone)
        endpoints = health.all + features.flatMap(\.endpoints)
        self.scheduling = scheduling
        self.documents = documents
        // The last stops first: what the others write is in the last checkpoints.
        workers =
            [
                Worker("audit checkpoints", run: checkpoints.run), Worker("outbox", run: outbox.run),
                Worker("clean-up", run: retention.run), Worker("refusals", run: denials.run),
            ] + features.flatMap(\.workers)
    }

    private static func documents(
        _ configuration: ServerConfiguration, _ database: any Database, _ vault: PatientVault,
        store: (any ObjectStore)?, logger: Logger
    ) throws -> DocumentsFeature {
        let folder = configuration.dataDirectory + "/documents"
        var settings = DocumentSettings(
            linkBase: configuration.linkBase, spoolDirectory: configuration.dataDirectory + "/spool")
        settings.uploadLimit = configuration.uploadLimit
        settings.linkLifetime = configuration.linkLifetime
        settings.keepsDeleted = configuration.keepsDeletedDocuments
        return try DocumentsFeature(
            database: database, vault: vault, ring: configuration.keys.ring, rootSecret: configuration.keys.root,
            store: store ?? FolderStore(folder: folder), clinicZone: configuration.zone, settings: settings,
            needs: DocumentsFeature.Needs(
                care: CareRelationship.access, treatedPatients: SchedulingFeature.treatedPatients,
                // Nobody books laboratory tests yet.
                labBooking: { _, _ in nil }), logger: logger)
    }
}
