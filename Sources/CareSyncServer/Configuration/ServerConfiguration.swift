package import CareSyncCore
package import Cryptography
package import Documents
package import Identity
package import Logging
package import Payments
package import RazorpayStandIn
package import Records
package import Scheduling
package import Settings

/// Everything the environment says, checked and typed. Made once, at the start.
package struct ServerConfiguration: Sendable {
    package var mode: DeploymentMode
    package var host: String
    package var port: Int
    /// `nil` when the metrics are on the port of the API.
    package var metricsPort: Int?
    package var dataDirectory: String
    package var database: DatabaseLocation
    package var databasePool: Int
    package var zone: ClinicZone
    package var keys: Keys
    package var web: Web
    /// What links begin with, without a slash at its end.
    package var linkBase: String
    package var storage: StorageSettings
    package var mail: MailSettings
    package var identity: IdentitySettings
    package var scheduling: SchedulingSettings
    package var payments: PaymentSettings
    /// Where the stand-in of Razorpay listens; only in development without an account there.
    package var standIn: StandInFolder.Account?
    package var documents: DocumentSettings
    package var records: RecordsSettings
    package var bcryptCost: Int
    package var logLevel: Logger.Level

    /// The secrets.
    package struct Keys: Sendable {
        package var tokens: TokenSecrets
        package var ring: KeyRing
        package var root: RootSecret
    }

    /// What the outside world sees of the server.
    package struct Web: Sendable, Equatable {
        package var publicURL: WebAddress?
        package var corsOrigins: [String]
        package var trustedProxies: [String]
        package var hasRateLimits: Bool
        package var hasDocuments: Bool
    }
}

/// A configuration with its warnings.
package struct LoadedConfiguration: Sendable {
    package let configuration: ServerConfiguration
    /// Sentences about variables that have no effect.
    package let warnings: [String]
    /// Name and value of every setting, secrets masked.
    package let effective: [(name: String, value: String)]
}
