package import CareSyncCore
import Cryptography
import Directory
package import Identity
package import Logging
package import Persistence
package import Scheduling
package import WebAPI

/// The whole system, built bottom-up from plain initialisers. `caresync` and the tests build it here and nowhere else.
package struct CareSync: Sendable {
    package let configuration: ServerConfiguration
    package let database: any Database
    package let endpoints: [Endpoint]
    /// Long-lived work beside HTTP; any number of nodes may do it.
    package let workers: [Worker]
    package let logger: Logger
    package let identity: IdentityFeature
    package let scheduling: SchedulingFeature
    /// Carries out what is due; among the ``workers``, and by itself for tests that move the clock.
    package let outbox: OutboxWorker
    let authenticator: Authenticator
    let demo: DemoSeeding

    /// The schema of every part, in the order of its numbers.
    package static let migrations =
        PlatformMigrations.all + IdentityMigrations.all + DirectoryMigrations.all + SchedulingMigrations.all

    /// What the database needs of the other parts; it is made before the database is opened.
    package static func databaseServices(
        _ keys: ServerConfiguration.Keys, time: TimeSource, random: RandomSource
    ) -> DatabaseServices {
        let chain = KeyedHash(keys.root.derive(.auditChain))
        let sealer = Sealer(keys.root.derive(.idempotency), random: random)
        return DatabaseServices(
            time: time, random: random,
            auditLog: AuditLog(firstShard: Int(random.bytes(1)[0]), authenticate: chain.code),
            answerSealer: BlobSealer(
                seal: { try sealer.seal($0, for: $1) }, open: { try sealer.open($0, for: $1) }))
    }

    package init(configuration: ServerConfiguration, database: any Database, logger: Logger) async throws {
        let random = database.services.random
        let zone = configuration.zone

        let hasher = try PasswordHasher(cost: configuration.bcryptCost, random: random)
        let vault = PatientVault(ring: configuration.keys.ring, random: random)

        let directory = DirectoryFeature(
            database: database, vault: vault, clinicZone: zone,
            availability: { db, doctors, date in
                try SchedulingFeature.doctorsWithFreeSlot(among: doctors, on: date, zone: zone, db: db)
            })
        let identity = IdentityFeature(
            database: database, hasher: hasher, signer: await TokenSigner.make(configuration.keys.tokens),
            rootSecret: configuration.keys.root, clinicZone: zone,
            settings: IdentitySettings(
                emailVerificationRequired: configuration.emailVerification == .required,
                exemptsLoopback: configuration.mode == .development,
                adminFactorRequired: configuration.adminSecondFactor == .required),
            profiles: directory.profiles, logger: logger)
        let scheduling = SchedulingFeature(
            database: database, zone: zone, vault: vault, settings: configuration.scheduling, logger: logger)
        let health = HealthEndpoints(database: database)

        outbox = OutboxWorker(database: database, handlers: scheduling.outboxHandlers, logger: logger)
        let checkpoints = AuditCheckpoints(database: database, file: configuration.checkpointFile, logger: logger)

        self.configuration = configuration
        self.database = database
        self.logger = logger
        self.identity = identity
        authenticator = identity.authenticator
        demo = DemoSeeding(database: database, vault: vault, identity: identity, zone: zone)
        endpoints = health.all + identity.endpoints + directory.endpoints + scheduling.endpoints
        self.scheduling = scheduling
        workers = [
            Worker("outbox", run: outbox.run), Worker("sessions", run: identity.run),
            Worker("scheduling", run: scheduling.run),
            Worker("audit checkpoints", run: checkpoints.run),
        ]
    }
}
