import CareSyncCore
import CareSyncServer
import Foundation
import Identity
import Settings
import Testing

@Suite("Configuration")
struct ConfigurationTests {
    private static let key = Data((0..<32).map { UInt8($0) }).base64EncodedString()

    private static let production = [
        "CARESYNC_ENV": "production", "CARESYNC_PUBLIC_URL": "https://clinic.example", "CARESYNC_JWT_SECRET": key,
        "CARESYNC_ROOT_SECRET": key, "CARESYNC_ENCRYPTION_KEYS": "k1:\(key)",
    ]

    private func mistakes(_ environment: [String: String]) throws -> [String] {
        do {
            _ = try LoadedConfiguration.load(environment: environment, createsKeys: false)
            return []
        } catch let mistakes as ConfigurationMistakes {
            return mistakes.list
        }
    }

    @Test("nothing configured means development on this machine with SQLite in ./data")
    func defaults() throws {
        let configuration = try LoadedConfiguration.load(environment: [:], createsKeys: false).configuration
        #expect(configuration.mode == .development)
        #expect(configuration.host == "127.0.0.1")
        #expect(configuration.port == 8080)
        #expect(configuration.database == .sqlite(path: "./data/caresync.sqlite"))
        #expect(configuration.databasePool == 16)
        #expect(configuration.zone.identifier == "Asia/Kolkata")
        #expect(!configuration.identity.emailVerificationRequired)
        #expect(configuration.bcryptCost == 12)
        #expect(configuration.web.corsOrigins == ["http://localhost:4200"])
        #expect(configuration.web.hasDocuments)
        #expect(configuration.web.hasRateLimits)
    }

    @Test("production requires e-mail verification, hides the documents and trusts no web origin")
    func productionDefaults() throws {
        let configuration = try LoadedConfiguration.load(environment: Self.production).configuration
        #expect(configuration.identity.emailVerificationRequired)
        #expect(configuration.identity.adminFactorRequired)
        #expect(!configuration.web.hasDocuments)
        #expect(configuration.web.corsOrigins.isEmpty)
    }

    @Test("every mistake is listed at once")
    func allMistakes() throws {
        let found = try mistakes([
            "CARESYNC_ENV": "staging", "CARESYNC_PORT": "http", "CARESYNC_HOST": "0.0.0.0",
            "DATABASE_URL": "mysql://x", "CARESYNC_DATABASE_POOL": "0", "CARESYNC_TIME_ZONE": "Mars/Olympus",
            "CARESYNC_JWT_SECRET": "short", "CARESYNC_ENCRYPTION_KEYS": "nokey", "CARESYNC_ROOT_SECRET": "!",
            "CARESYNC_CORS_ORIGINS": "clinic.example", "CARESYNC_TRUSTED_PROXIES": "proxy",
            "CARESYNC_ADMIN_NETWORKS": "10.20.0.5/16",
            "CARESYNC_EMAIL_VERIFICATION": "maybe", "CARESYNC_PUBLIC_URL": "ftp://x", "CARESYNC_API_DOCS": "perhaps",
            "CARESYNC_RATE_LIMITS": "few", "CARESYNC_PATIENT_LIMITS": "many", "CARESYNC_BCRYPT_COST": "4",
            "CARESYNC_LOG_LEVEL": "loud", "CARESYNC_METRICS_PORT": "many",
            "CARESYNC_ALLOW_INSECURE": "2", "CARESYNC_EMERGENCY_NUMBER": "help",
            "CARESYNC_STORAGE_URL": "ftp://x", "CARESYNC_S3_ACCESS_KEY": "a key", "CARESYNC_S3_SECRET_KEY": "k\u{e9}y",
            "CARESYNC_MAIL_URL": "http://x", "CARESYNC_LINK_TTL": "0", "CARESYNC_MAIL_FROM": "a@b\r\nBcc: c@d",
            "CARESYNC_ADMIN_SECOND_FACTOR": "sometimes", "CARESYNC_UPLOAD_LIMIT": "0",
            "CARESYNC_RAZORPAY_KEY_ID": "a key", "CARESYNC_RAZORPAY_KEY_SECRET": "a key",
            "CARESYNC_RAZORPAY_WEBHOOK_SECRET": "k\u{e9}y", "CARESYNC_RAZORPAY_PREVIOUS_WEBHOOK_SECRET": "a key",
            "CARESYNC_RAZORPAY_BASE_URL": "https://api.razorpay.com/v2", "CARESYNC_UPI_ID": "clinic",
            "CARESYNC_DELETED_DOCUMENTS_DAYS": "-1", "CARESYNC_RECORD_FINAL_HOURS": "0",
        ])
        let named = Set(found.compactMap { $0.split(separator: " ").first.map(String.init) })
        #expect(named == Set(Setting.all.map(\.name)).subtracting(["CARESYNC_DATA_DIR"]))
    }

    @Test(
        "where mail goes is shown without its secrets",
        arguments: [
            ("smtp://clinic:p%40ss@mail.example", "smtp://clinic:***@mail.example:587"),
            ("smtps://clinic:p%40ss@mail.example:4465?ca=/etc/ca.pem", "smtps://clinic:***@mail.example:4465"),
            ("smtp://relay.example:2525", "smtp://relay.example:2525"), ("sendgrid:SG.p@ss", "sendgrid:***"),
            ("off", "none; what needs mail answers 424"),
        ])
    func mail(_ given: String, _ shown: String) throws {
        let loaded = try LoadedConfiguration.load(environment: ["CARESYNC_MAIL_URL": given], createsKeys: false)
        let value = loaded.effective.first { $0.name == "CARESYNC_MAIL_URL" }?.value
        #expect(value == shown)
        #expect(value?.contains("ss@") == false)
    }

    @Test(
        "a mail address that cannot be used is refused without quoting it",
        arguments: [
            "smtp://", "smtp://clinic@mail.example", "smtp://mail.example/path", "smtp://mail.example?verify=off",
            "sendgrid:", "sendgrid:a key", "mail.example",
        ])
    func wrongMail(_ given: String) throws {
        let found = try mistakes(["CARESYNC_MAIL_URL": given])
        #expect(found.count == 1)
        #expect(found.first?.contains("mail.example ") == false)
    }

    @Test("production mails need a sender")
    func mailFrom() throws {
        let url = ["CARESYNC_MAIL_URL": "sendgrid:SG.key"]
        let given = Self.production.merging(url) { _, given in given }
        #expect(try mistakes(given) == ["CARESYNC_MAIL_FROM is required with a mail provider"])
    }

    @Test("production refuses to start without secrets and its public address")
    func productionRequires() throws {
        #expect(
            try mistakes(["CARESYNC_ENV": "production"]) == [
                "CARESYNC_PUBLIC_URL is required in production", "CARESYNC_JWT_SECRET is required in production",
                "CARESYNC_ENCRYPTION_KEYS is required in production", "CARESYNC_ROOT_SECRET is required in production",
            ])
    }

    @Test(
        "production refuses what is unsafe",
        arguments: [
            ("CARESYNC_JWT_SECRET", "your-256-bit-secret-your-256-bit-secret"), ("CARESYNC_RATE_LIMITS", "off"),
            ("CARESYNC_PATIENT_LIMITS", "off"), ("CARESYNC_PUBLIC_URL", "http://clinic.example"),
        ])
    func productionRefuses(_ name: String, _ value: String) throws {
        let found = try mistakes(Self.production.merging([name: value]) { _, new in new })
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(name) == true)
    }

    @Test("development listens beyond this machine only when told so")
    func insecureHost() throws {
        #expect(try mistakes(["CARESYNC_HOST": "0.0.0.0"]).count == 1)
        #expect(try mistakes(["CARESYNC_HOST": "0.0.0.0", "CARESYNC_ALLOW_INSECURE": "1"]).isEmpty)
        #expect(try mistakes(["CARESYNC_HOST": "::1"]).isEmpty)
    }

    @Test("a mistyped variable is pointed out with the nearest known one, those of tests are not")
    func unknownVariables() throws {
        let loaded = try LoadedConfiguration.load(
            environment: ["CARESYNC_PROT": "1", "CARESYNC_TEST_LONG": "1", "HOME": "/"], createsKeys: false)
        #expect(loaded.warnings == ["CARESYNC_PROT is not a setting and has no effect; did you mean CARESYNC_PORT?"])
    }

    @Test("production says when nobody could register, for want of mail")
    func unreachableVerification() throws {
        func warnings(_ environment: [String: String]) throws -> [String] {
            try LoadedConfiguration.load(environment: Self.production.merging(environment) { _, given in given })
                .warnings
        }
        #expect(
            try warnings([:]) == [
                "Nobody can register: addresses have to be verified by mail, and there is no CARESYNC_MAIL_URL."
            ])
        #expect(try warnings(["CARESYNC_EMAIL_VERIFICATION": "optional"]).isEmpty)
        #expect(
            try warnings(["CARESYNC_MAIL_URL": "sendgrid:SG.key", "CARESYNC_MAIL_FROM": "a@clinic.example"]).isEmpty)
        #expect(try LoadedConfiguration.load(environment: [:], createsKeys: false).warnings.isEmpty)
    }

    @Test("the table of settings in the README names every setting, and no other")
    func readme() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("README.md")
        let rows = try String(contentsOf: path, encoding: .utf8).components(separatedBy: "\n")
            .drop { $0 != "| variable | default | meaning |" }.dropFirst(2).prefix { $0.hasPrefix("| ") }
        let named = rows.flatMap { row in
            row.split(separator: "|")[0].split(separator: "`").filter { !$0.contains(" ") }.map(String.init)
        }
        #expect(named.sorted() == Setting.all.map(\.name).sorted())
    }

    @Test("an empty variable counts as absent")
    func emptyVariable() throws {
        let loaded = try LoadedConfiguration.load(environment: ["CARESYNC_PORT": " "], createsKeys: false)
        #expect(loaded.configuration.port == 8080)
    }

    @Test("a secret may come from a file, which the line break at its end does not change")
    func secretFile() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/url"
            try "postgres://user:p4ssw0rd@db.example/caresync\n".write(
                toFile: path, atomically: true, encoding: .utf8)
            let loaded = try LoadedConfiguration.load(environment: ["DATABASE_URL_FILE": path], createsKeys: false)
            #expect(loaded.configuration.database == .postgres(url: "postgres://user:p4ssw0rd@db.example/caresync"))
        }
        #expect(try mistakes(["CARESYNC_ROOT_SECRET_FILE": "/nowhere/at/all"]).count == 1)
        #expect(
            try mistakes(["CARESYNC_ROOT_SECRET": Self.key, "CARESYNC_ROOT_SECRET_FILE": "/etc/hostname"]).count == 1)
    }

    @Test("the effective configuration names every setting and shows no secret")
    func effective() throws {
        let environment = Self.production.merging(["DATABASE_URL": "postgres://u:p4ssw0rd@h/d"]) { _, new in new }
        let effective = try LoadedConfiguration.load(environment: environment).effective
        #expect(Set(effective.map(\.name)) == Set(Setting.all.map(\.name)))
        let text = effective.map(\.value).joined(separator: "\n")
        #expect(!text.contains(Self.key))
        #expect(!text.contains("p4ssw0rd"))
        #expect(text.contains("postgres://u:***@h/d"))
    }

    @Test(
        "a SQLite file is named in several ways",
        arguments: [
            ("sqlite:", "/srv/data/caresync.sqlite"), ("sqlite:/var/x.sqlite", "/var/x.sqlite"),
            ("sqlite:///var/x.sqlite", "/var/x.sqlite"), ("sqlite:x.sqlite", "x.sqlite"),
        ])
    func sqlitePaths(_ url: String, _ path: String) throws {
        let loaded = try LoadedConfiguration.load(
            environment: ["DATABASE_URL": url, "CARESYNC_DATA_DIR": "/srv/data"], createsKeys: false)
        #expect(loaded.configuration.database == .sqlite(path: path))
    }
}

func withTemporaryDirectory<Value>(_ body: (String) throws -> Value) throws -> Value {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("caresync-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: directory) }  // A folder that stays does no harm.
    return try body(directory)
}
