package import CareSyncCore
package import CareSyncServer
import Foundation
import Logging
import Mail
package import ObjectStorage
import Outbox
import Payments
package import Persistence
package import Razorpay

/// The whole system in this process, on a database of its own, with a clock and random numbers that the test holds.
package struct TestApp: Sendable {
    package let system: CareSync
    package let time: ManualTime
    package let random: SeededRandom
    /// Everything that was logged.
    package let logs: LogRecorder
    let client: SocketClient
    /// Where documents lie.
    package let objects: any ObjectStore
    /// Where mails go.
    let mailFolder: String

    package var database: any Database { system.database }
    package var zone: ClinicZone { system.configuration.zone }

    /// Carries out everything that is due by the test's clock, mails included, as the background work would.
    package func runDueWork() async throws {
        try await system.outbox.runDue()
    }
}

/// Gives `body` a system on a fresh database at 08:00 of `today` on the clinic's clock. Nothing runs in the background.
package func withApp<Value: Sendable>(
    _ kind: DatabaseKind = .sqlite, today: String = "2026-03-10", at clock: String = "08:00",
    environment: [String: String] = [:], objects: (any ObjectStore)? = nil, razorpay: RazorpayAccount? = nil,
    _ body: @escaping @Sendable (TestApp) async throws -> Value
) async throws -> Value {
    var configuration = try ServerConfiguration.testing(environment)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("caresync-\(UUID().uuidString)").path
    configuration.dataDirectory = folder
    if let razorpay { configuration.payments.account = razorpay }
    defer { try? FileManager.default.removeItem(atPath: folder) }  // It is made when it is needed.
    let time = ManualTime(try configuration.zone.testInstant(today, clock))
    let random = SeededRandom(seed: UInt64.random(in: 1...UInt64.max))
    let logs = LogRecorder(level: .debug)
    let services = CareSync.databaseServices(configuration.keys, time: time.source, random: random.source)
    let objects = objects ?? FolderStore(folder: folder + "/documents")
    return try await withDatabase(kind, migrations: try Schema.ledger(), services: services) {
        [configuration] database in
        let mails = folder + "/mails"
        let sender: (any MailSender)? = configuration.mail.isAvailable ? OutboxFolderSender(folder: mails) : nil
        let system = try await CareSync(
            configuration: configuration, database: database, logger: logs.logger, mailSender: sender,
            objects: objects)
        return try await body(
            TestApp(
                system: system, time: time, random: random, logs: logs,
                client: SocketClient(
                    try system.makeResponder(observers: [DeclaredFailures.observer(system.endpoints)]),
                    logger: logs.logger),
                objects: objects, mailFolder: mails))
    }
}

extension TestApp {
    /// Gives `body` the system as it is after a restart with another environment: new memory, the same database.
    package func restarted<Value: Sendable>(
        _ environment: [String: String], _ body: @escaping @Sendable (TestApp) async throws -> Value
    ) async throws -> Value {
        database.services.events.removeAll()
        var configuration = try ServerConfiguration.testing(environment)
        configuration.dataDirectory = system.configuration.dataDirectory
        configuration.payments.account = configuration.payments.account ?? system.configuration.payments.account
        let system = try await CareSync(
            configuration: configuration, database: database, logger: logs.logger,
            mailSender: OutboxFolderSender(folder: mailFolder), objects: objects)
        return try await body(
            TestApp(
                system: system, time: time, random: random, logs: logs,
                client: SocketClient(
                    try system.makeResponder(observers: [DeclaredFailures.observer(system.endpoints)]),
                    logger: logs.logger),
                objects: objects, mailFolder: mailFolder))
    }
}

extension ServerConfiguration {
    /// A development configuration with known keys and the cheapest passwords.
    package static func testing(_ environment: [String: String] = [:]) throws -> ServerConfiguration {
        let key = Data(repeating: 1, count: 16) + Data(repeating: 2, count: 16)
        let standard = [
            "CARESYNC_JWT_SECRET": key.base64EncodedString(), "CARESYNC_ROOT_SECRET": key.base64EncodedString(),
            "CARESYNC_ENCRYPTION_KEYS": "test:\(key.base64EncodedString())", "CARESYNC_BCRYPT_COST": "10",
            "CARESYNC_RATE_LIMITS": "off",
        ]
        return try LoadedConfiguration.load(
            environment: standard.merging(environment) { _, given in given }, createsKeys: false
        ).configuration
    }
}

extension ClinicZone {
    struct NoSuchTime: Error {}

    /// The moment at which the clinic's clock shows a date such as `2026-03-10` and a time such as `08:00`.
    package func testInstant(_ date: String, _ clock: String) throws -> Instant {
        let parts = clock.split(separator: ":").compactMap { Int($0) }
        guard let date = LocalDate(date), parts.count == 2,
            let instant = instant(of: LocalDateTime(date, LocalTime(hour: parts[0], minute: parts[1])))
        else { throw NoSuchTime() }
        return instant
    }
}
