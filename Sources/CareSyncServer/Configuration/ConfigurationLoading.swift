package import CareSyncCore
package import Cryptography
import Foundation
import Logging
import Mail
import Scheduling

extension LoadedConfiguration {
    /// Reads the environment. Throws ``ConfigurationMistakes`` with everything that is wrong.
    ///
    /// Development keys that are missing are created when `createsKeys`, otherwise improvised for this process.
    ///
    /// - Parameter dictionary: of common passwords.
    package static func load(
        environment: [String: String], createsKeys: Bool = true, random: RandomSource = .system,
        dictionary: PasswordDictionary? = .system
    ) throws -> LoadedConfiguration {
        var loading = Loading(environment: environment)
        if dictionary == nil { loading.missDictionary() }
        let configuration = try loading.configuration(missing: createsKeys ? .create : .improvise, random: random)
        return LoadedConfiguration(
            configuration: configuration, warnings: Setting.warnings(about: environment.keys) + loading.warnings,
            effective: loading.reader.readings.map { (name: $0.setting.rawValue, value: $0.shown) })
    }
}

private struct Loading {
    var reader: SettingsReader
    private(set) var warnings: [String] = []
    private var isDictionaryMissing = false

    init(environment: [String: String]) {
        reader = SettingsReader(environment: environment)
    }

    mutating func configuration(
        missing: DevelopmentKeys.Missing, random: RandomSource
    ) throws -> ServerConfiguration {
        let mode = reader.value(
            .environment, default: DeploymentMode.development, shown: "development", SettingValues.choice)
        let isInsecureAllowed = reader.value(.allowInsecure, default: false, shown: "off", SettingValues.isOn)
        let host = host(mode, isInsecureAllowed)
        let port = reader.value(.port, default: 8080, shown: "8080", SettingValues.number(0...65_535))
        let directory = reader.value(.dataDirectory, default: "./data", shown: "./data") { $0 }
        let database = database(directory)
        let pool = reader.value(.databasePool, default: 16, shown: "16", SettingValues.number(1...256))
        let zone = zone()
        let web = web(mode, isInsecureAllowed)
        let mail = mail(mode, directory)
        let linkMinutes = reader.value(.linkLifetime, default: 60, shown: "60", SettingValues.number(5...1440))
        let uploadLimit = reader.value(.uploadLimit, default: 5, shown: "5", SettingValues.number(1...100))
        let deletedDays = reader.value(
            .deletedDocuments, default: 30, shown: "30", SettingValues.number(0...3_650))
        let verification = necessity(.emailVerification, mode)
        let adminFactor = necessity(.adminSecondFactor, mode)
        let cost = reader.value(
            .bcryptCost, default: 12, shown: "12",
            SettingValues.number(PasswordHasher.costs))
        let scheduling = scheduling(mode)
        let level = reader.value(.logLevel, default: Logger.Level.info, shown: "info", SettingValues.choice)
        let store = DevelopmentKeys(directory: directory + "/keys", random: random)
        let keys = try keys(mode, store, missing)
        if isDictionaryMissing, mode == .production {
            reader.complain(.environment, "production: \(Self.noDictionary)")
        }
        guard reader.mistakes.isEmpty, let keys, let zone else { throw ConfigurationMistakes(list: reader.mistakes) }
        return ServerConfiguration(
            mode: mode, host: host, port: port, dataDirectory: directory, database: database, databasePool: pool,
            zone: zone, keys: keys, web: web, mail: mail, linkLifetime: .minutes(Int64(linkMinutes)),
            uploadLimit: Int64(uploadLimit) << 20, keepsDeletedDocuments: .days(Int64(deletedDays)),
            emailVerification: verification, adminSecondFactor: adminFactor,
            scheduling: scheduling, bcryptCost: cost, logLevel: level)
    }

    /// What production asks for and development does not.
    private mutating func necessity(_ setting: Setting, _ mode: DeploymentMode) -> Requirement {
        let standard: Requirement = mode == .production ? .required : .optional
        return reader.value(setting, default: standard, shown: standard.rawValue, SettingValues.choice)
    }

    mutating func missDictionary() {
        isDictionaryMissing = true
        warnings.append("Common passwords are not refused: \(Self.noDictionary).")
    }

    private static let noDictionary =
        "the dictionary \(PasswordDictionary.systemPath) is missing (apt-get install cracklib-runtime)"

    private mutating func host(_ mode: DeploymentMode, _ isInsecureAllowed: Bool) -> String {
        let host = reader.value(.host, default: "127.0.0.1", shown: "127.0.0.1") { $0 }
        if mode == .development, !isInsecureAllowed, !Self.isLoopback(host) {
            reader.complain(
                .host,
                "is '\(host)', which others can reach; development listens on this machine only, "
                    + "unless CARESYNC_ALLOW_INSECURE=1")
        }
        return host
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.split(separator: ".").count == 4)
    }

    private mutating func database(_ directory: String) -> DatabaseLocation {
        let standard = DatabaseLocation.standard(directory)
        return reader.secret(.databaseURL, absent: standard.shown, shown: \.shown) {
            try DatabaseLocation(parsing: $0, dataDirectory: directory)
        } ?? standard
    }

    private mutating func mail(_ mode: DeploymentMode, _ directory: String) -> MailSettings {
        let standard = mode == .production ? MailSettings.Provider.none : .folder("\(directory)/outbox")
        let provider =
            reader.secret(.mailURL, absent: standard.shown, shown: \.shown) {
                try MailSettings.Provider(parsing: $0)
            } ?? standard
        let from = reader.value(
            .mailFrom, default: MailSettings.standardSender, shown: MailSettings.standardSender.text
        ) { try MailSettings.sender($0) }
        if mode == .production, reader.isGiven(.mailURL), !reader.isGiven(.mailFrom) {
            reader.complain(.mailFrom, "is required with a mail provider")
        }
        return MailSettings(provider: provider, from: from)
    }

    private mutating func scheduling(_ mode: DeploymentMode) -> SchedulingSettings {
        let emergency = reader.value(.emergencyNumber, default: "112", shown: "112", SettingValues.telephone)
        let hasLimits = reader.value(.patientLimits, default: true, shown: "on", SettingValues.isOn)
        if mode == .production, !hasLimits { reader.complain(.patientLimits, "must not be off in production") }
        var settings = SchedulingSettings(emergencyNumber: emergency)
        settings.patientLimits = hasLimits ? .standard : nil
        return settings
    }

    private mutating func zone() -> ClinicZone? {
        reader.value(.timeZone, default: ClinicZone("Asia/Kolkata"), shown: "Asia/Kolkata") { name in
            guard let zone = ClinicZone(name) else {
                throw SettingError("must be a time zone such as Asia/Kolkata, not '\(name)'")
            }
            return zone
        }
    }

    private mutating func web(_ mode: DeploymentMode, _ isInsecureAllowed: Bool) -> ServerConfiguration.Web {
        let isProduction = mode == .production
        let publicURL = reader.value(.publicURL, default: WebAddress?.none, shown: "none") { try WebAddress($0) }
        if isProduction, !reader.isGiven(.publicURL) { reader.complain(.publicURL, "is required in production") }
        if isProduction, !isInsecureAllowed, publicURL?.isSecure == false {
            reader.complain(.publicURL, "must be an https address in production, unless CARESYNC_ALLOW_INSECURE=1")
        }
        let standardOrigins = isProduction ? [] : ["http://localhost:4200"]
        let origins = reader.value(
            .corsOrigins, default: standardOrigins, shown: standardOrigins.first ?? "none", SettingValues.origins)
        let proxies = reader.value(.trustedProxies, default: [], shown: "none", SettingValues.addresses)
        let adminNetworks = reader.value(.adminNetworks, default: [], shown: "none", SettingValues.networks)
        let hasLimits = reader.value(.rateLimits, default: true, shown: "on", SettingValues.isOn)
        if isProduction, !hasLimits { reader.complain(.rateLimits, "must not be off in production") }
        let hasDocuments = reader.value(
            .apiDocuments, default: !isProduction, shown: isProduction ? "off" : "on", SettingValues.isOn)
        return ServerConfiguration.Web(
            publicURL: publicURL, corsOrigins: origins, trustedProxies: proxies, adminNetworks: adminNetworks,
            hasRateLimits: hasLimits, hasDocuments: hasDocuments)
    }

    /// `nil` when one of them is wrong or, in production, missing; then there are mistakes.
    private mutating func keys(
        _ mode: DeploymentMode, _ store: DevelopmentKeys, _ missing: DevelopmentKeys.Missing
    ) throws -> ServerConfiguration.Keys? {
        let isProduction = mode == .production
        let tokens = try key(.tokenSecret, mode, store, missing) {
            try TokenSecrets(parsing: $0, production: isProduction)
        }
        let ring = try key(.encryptionKeys, mode, store, missing) { try KeyRing(parsing: $0) }
        let root = try key(.rootSecret, mode, store, missing) { try RootSecret(base64: $0) }
        guard let tokens, let ring, let root else { return nil }
        return ServerConfiguration.Keys(tokens: tokens, ring: ring, root: root)
    }

    private mutating func key<Value>(
        _ setting: Setting, _ mode: DeploymentMode, _ store: DevelopmentKeys, _ missing: DevelopmentKeys.Missing,
        _ parse: (String) throws -> Value
    ) throws -> Value? {
        let file = "\(store.directory)/\(DevelopmentKeys.fileName(setting))"
        let absent = mode == .production ? "missing" : "development key in \(file)"
        let given = reader.secret(setting, absent: absent, parse)
        guard given == nil, !reader.isGiven(setting) else { return given }
        guard mode == .development else {
            reader.complain(setting, "is required in production")
            return nil
        }
        // Nothing is written for a configuration that is refused anyway.
        guard reader.mistakes.isEmpty else { return nil }
        do {
            return try parse(try store.text(setting, missing: missing))
        } catch {
            reader.complain(setting, "could not be taken from the development key \(file): \(error)")
            return nil
        }
    }
}
