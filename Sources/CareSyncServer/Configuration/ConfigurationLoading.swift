package import CareSyncCore
package import Cryptography
import Documents
import Foundation
import Identity
import Logging
import Mail
import ObjectStorage
import Payments
import Razorpay
import RazorpayStandIn
import Records
import Scheduling
import Settings

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
            effective: loading.reader.readings.map { (name: $0.setting.name, value: $0.shown) })
    }
}

private struct Loading {
    var reader: SettingsReader
    private(set) var warnings: [String] = []
    private var isDictionaryMissing = false

    init(environment: [String: String]) {
        reader = SettingsReader(environment: environment, mode: .environment)
    }

    mutating func configuration(
        missing: DevelopmentKeys.Missing, random: RandomSource
    ) throws -> ServerConfiguration {
        let mode = reader.mode
        let isInsecureAllowed = reader.value(.allowInsecure, default: false, shown: "off", SettingValues.isOn)
        let host = host(mode, isInsecureAllowed)
        let port = reader.value(.port, default: 8080, shown: "8080", SettingValues.number(0...65_535))
        let metricsPort = metricsPort(besides: port)
        let directory = reader.value(.dataDirectory, default: "./data", shown: "./data", Self.folder)
        let database = database(directory)
        let pool = reader.value(.databasePool, default: 16, shown: "16", SettingValues.number(1...256))
        let zone = zone()
        let web = web(mode, isInsecureAllowed)
        let storage = storage(mode, directory)
        let mail = mail(mode, directory)
        let linkBase = web.publicURL?.text ?? "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        let identity = IdentitySettings(reading: &reader, isMailAvailable: mail.isAvailable, linkBase: linkBase)
        let scheduling = SchedulingSettings(reading: &reader, isMailAvailable: mail.isAvailable)
        var payments = PaymentSettings(
            reading: &reader, isMailAvailable: mail.isAvailable, linkBase: linkBase)
        let documents = DocumentSettings(
            reading: &reader, linkBase: linkBase, linkLifetime: identity.linkLifetime)
        let records = RecordsSettings(
            reading: &reader, isMailAvailable: mail.isAvailable, linkBase: linkBase,
            emergencyNumber: scheduling.emergencyNumber)
        let cost = reader.value(
            .bcryptCost, default: 12, shown: "12",
            SettingValues.number(PasswordHasher.costs))
        let level = reader.value(.logLevel, default: Logger.Level.info, shown: "info", SettingValues.choice)
        let store = DevelopmentKeys(directory: directory + "/keys", random: random)
        let keys = try keys(mode, store, missing)
        if isDictionaryMissing, mode == .production {
            reader.complain(.environment, "production: \(Self.noDictionary)")
        }
        if mode == .production, identity.emailVerificationRequired, !mail.isAvailable {
            warnings.append(
                "Nobody can register: addresses have to be verified by mail, and there is no \(Setting.mailURL.name).")
        }
        let standIn = missing == .create ? standIn(instead: &payments, directory, random) : nil
        guard reader.mistakes.isEmpty, let keys, let zone else { throw ConfigurationMistakes(list: reader.mistakes) }
        return ServerConfiguration(
            mode: mode, host: host, port: port, metricsPort: metricsPort, dataDirectory: directory, database: database,
            databasePool: pool, zone: zone, keys: keys, web: web, linkBase: linkBase, storage: storage, mail: mail,
            identity: identity, scheduling: scheduling, payments: payments, standIn: standIn, documents: documents,
            records: records, bcryptCost: cost, logLevel: level)
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

    private mutating func metricsPort(besides port: Int) -> Int? {
        let metricsPort: Int? = reader.value(.metricsPort, default: nil, shown: "none") { text in
            try SettingValues.number(0...65_535)(text)
        }
        if let metricsPort, metricsPort != 0, metricsPort == port {
            reader.complain(.metricsPort, "must not be the port of the API")
        }
        return metricsPort
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.split(separator: ".").count == 4)
    }

    private static func folder(_ path: String) throws -> String {
        var isFolder = ObjCBool(false)
        guard !FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) || isFolder.boolValue else {
            throw SettingError("must be a folder, and '\(path)' is a file")
        }
        return path
    }

    private mutating func database(_ directory: String) -> DatabaseLocation {
        let standard = DatabaseLocation.standard(directory)
        return reader.secret(.databaseURL, absent: standard.shown, shown: \.shown) {
            try DatabaseLocation(parsing: $0, dataDirectory: directory)
        } ?? standard
    }

    private mutating func storage(_ mode: DeploymentMode, _ directory: String) -> StorageSettings {
        let standard = StorageLocation.folder("\(directory)/documents")
        let location = reader.value(.storageURL, default: standard, shown: standard.shown) {
            try StorageLocation(parsing: $0)
        }
        let accessKey = reader.secret(.storageAccessKey, absent: "none", SettingValues.key)
        let secretKey = reader.secret(.storageSecretKey, absent: "none", SettingValues.key)
        switch location {
        case .folder(let path): return .folder(path)
        case .s3(let endpoint, let bucket, let region, let prefix):
            if mode == .production, !endpoint.isSecure {
                reader.complain(.storageURL, "must have an https endpoint in production")
            }
            for setting in [Setting.storageAccessKey, .storageSecretKey] where !reader.isGiven(setting) {
                reader.complain(setting, "is required with s3://")
            }
            return .s3(
                S3Bucket(
                    endpoint: endpoint, name: bucket, region: region, prefix: prefix, accessKey: accessKey ?? "",
                    secretKey: SecretBytes(Array((secretKey ?? "").utf8))))
        }
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

    /// Puts the stand-in's account in the place of one that is missing in development.
    private mutating func standIn(
        instead payments: inout PaymentSettings, _ directory: String, _ random: RandomSource
    ) -> StandInFolder.Account? {
        guard reader.mode == .development, payments.account == nil, reader.mistakes.isEmpty else { return nil }
        do {
            let account = try StandInFolder(dataDirectory: directory).account(random: random)
            payments.account = RazorpayAccount(standIn: account.keys, port: account.port)
            return account
        } catch {
            reader.complain(.dataDirectory, "cannot hold the account of the stand-in of Razorpay: \(error)")
            return nil
        }
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
        let hasLimits = reader.value(.rateLimits, default: true, shown: "on", SettingValues.isOn)
        if isProduction, !hasLimits { reader.complain(.rateLimits, "must not be off in production") }
        let hasDocuments = reader.value(
            .apiDocuments, default: !isProduction, shown: isProduction ? "off" : "on", SettingValues.isOn)
        return ServerConfiguration.Web(
            publicURL: publicURL, corsOrigins: origins, trustedProxies: proxies,
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
