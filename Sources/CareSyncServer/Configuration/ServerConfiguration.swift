package import CareSyncCore
package import Cryptography
package import Logging
package import Scheduling

/// Everything the environment says, checked and typed. Made once, at the start.
package struct ServerConfiguration: Sendable {
    package var mode: DeploymentMode
    package var host: String
    package var port: Int
    package var dataDirectory: String
    package var database: DatabaseLocation
    package var databasePool: Int
    package var zone: ClinicZone
    package var keys: Keys
    package var web: Web
    package var mail: MailSettings
    package var linkLifetime: TimeSpan
    /// Bytes of an uploaded file.
    package var uploadLimit: Int64
    /// How long the bytes of a deleted document are kept.
    package var keepsDeletedDocuments: TimeSpan
    package var emailVerification: Requirement
    package var adminSecondFactor: Requirement
    package var scheduling: SchedulingSettings
    package var bcryptCost: Int
    package var logLevel: Logger.Level

    /// What links begin with, without a slash at its end.
    package var linkBase: String {
        web.publicURL?.text ?? "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

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
        package var adminNetworks: [IPNetwork]
        package var hasRateLimits: Bool
        package var hasDocuments: Bool
    }
}

package enum DeploymentMode: String, Sendable, CaseIterable {
    case development, production
}

package enum Requirement: String, Sendable, CaseIterable {
    case required, optional
}

/// A configuration with its warnings.
package struct LoadedConfiguration: Sendable {
    package let configuration: ServerConfiguration
    /// Sentences about variables that have no effect.
    package let warnings: [String]
    /// Name and value of every setting, secrets masked.
    package let effective: [(name: String, value: String)]
}
