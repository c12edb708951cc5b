import FeatureContract
package import Settings

/// The settings of the program itself; features bring their own.
extension Setting {
    static let environment = Setting(
        "CARESYNC_ENV", "development or production (development)")
    static let host = Setting(
        "CARESYNC_HOST", "address to listen on (127.0.0.1)")
    static let port = Setting(
        "CARESYNC_PORT", "port to listen on; 0 takes a free one (8080)")
    static let metricsPort = Setting(
        "CARESYNC_METRICS_PORT",
        "port of /metrics, without sign-in, on the same address; 0 takes a free one (none: on the port of the API, for "
            + "administrators)")
    static let dataDirectory = Setting(
        "CARESYNC_DATA_DIR",
        "folder of the SQLite file, documents, development keys, mails and audit checkpoints (./data)")
    static let databaseURL = Setting(
        "DATABASE_URL", "sqlite:PATH or postgres://user:password@host:port/name (caresync.sqlite in the data folder)",
        isSecret: true)
    static let databasePool = Setting(
        "CARESYNC_DATABASE_POOL", "connections to PostgreSQL, 1 to 256 (16)")
    static let timeZone = Setting(
        "CARESYNC_TIME_ZONE", "time zone of the clinic (Asia/Kolkata)")
    static let tokenSecret = Setting(
        "CARESYNC_JWT_SECRET", "key of access tokens, 32 bytes or more, base64 (created in development)", isSecret: true
    )
    static let encryptionKeys = Setting(
        "CARESYNC_ENCRYPTION_KEYS",
        "keys of patient data, id:base64,id:base64; the first one writes (created in development)", isSecret: true)
    static let rootSecret = Setting(
        "CARESYNC_ROOT_SECRET",
        "secret the other keys are derived from, 32 bytes or more, base64 (created in development)", isSecret: true)
    static let publicURL = Setting(
        "CARESYNC_PUBLIC_URL", "address at which users reach the server (none; required in production)")
    static let corsOrigins = Setting(
        "CARESYNC_CORS_ORIGINS", "web origins that may use the API, a list (development: http://localhost:4200)")
    static let trustedProxies = Setting(
        "CARESYNC_TRUSTED_PROXIES", "addresses of the proxies in front, a list (none)")
    static let storageURL = Setting(
        "CARESYNC_STORAGE_URL",
        "folder:PATH or s3://bucket?endpoint=https://host/path&region=name&prefix=name for documents (documents in the data folder)"
    )
    static let storageAccessKey = Setting(
        "CARESYNC_S3_ACCESS_KEY", "access key of the bucket (none; required with s3://)", isSecret: true)
    static let storageSecretKey = Setting(
        "CARESYNC_S3_SECRET_KEY", "secret key of the bucket (none; required with s3://)", isSecret: true)
    static let mailURL = Setting(
        "CARESYNC_MAIL_URL",
        "smtp://user:password@host:587 (STARTTLS), smtps://user:password@host:465, sendgrid:KEY or off (development: files)",
        isSecret: true)
    static let mailFrom = Setting(
        "CARESYNC_MAIL_FROM",
        "who mails are from, such as CareSync <no-reply@clinic.example> (required with a mail provider)")
    static let bcryptCost = Setting(
        "CARESYNC_BCRYPT_COST", "cost of password hashes, 10 to 15 (12)")
    static let rateLimits = Setting(
        "CARESYNC_RATE_LIMITS", "on or off; off is for development (on)")
    static let apiDocuments = Setting(
        "CARESYNC_API_DOCS", "on or off: OpenAPI document and Swagger UI (development: on, production: off)")
    static let allowInsecure = Setting(
        "CARESYNC_ALLOW_INSECURE",
        "1 lets development listen beyond this machine, and production be reached without TLS")
    static let logLevel = Setting(
        "CARESYNC_LOG_LEVEL", "trace, debug, info, notice, warning, error or critical (info)")

    private static let program: [Setting] = [
        .environment, .host, .port, .metricsPort, .dataDirectory, .databaseURL, .databasePool, .timeZone, .tokenSecret,
        .encryptionKeys, .rootSecret, .publicURL, .corsOrigins, .trustedProxies, .storageURL, .storageAccessKey,
        .storageSecretKey, .mailURL, .mailFrom, .bcryptCost,
        .rateLimits, .apiDocuments, .allowInsecure, .logLevel,
    ]

    /// Every setting there is.
    package static let all = program + FeatureList.all.flatMap { $0.settings }

    /// Warnings about variables that look like settings but are not: a mistyped name would otherwise be ignored
    /// silently.
    static func warnings(about names: some Sequence<String>) -> [String] {
        let known = Set(all.map(\.name)).union(all.filter(\.isSecret).map(\.fileVariable))
        return
            names
            .filter { $0.hasPrefix("CARESYNC_") && !$0.hasPrefix("CARESYNC_TEST_") && !known.contains($0) }
            .sorted()
            .map { name in
                let nearest = known.sorted().min { distance(name, $0) < distance(name, $1) }
                return "\(name) is not a setting and has no effect" + (nearest.map { "; did you mean \($0)?" } ?? ".")
            }
    }

    /// Levenshtein's edit distance.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (index, byte) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let replaced = diagonal + (byte == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
