/// The environment variables that configure the program. Their names never change.
package enum Setting: String, Sendable, CaseIterable {
    case environment = "CARESYNC_ENV"
    case host = "CARESYNC_HOST"
    case port = "CARESYNC_PORT"
    case dataDirectory = "CARESYNC_DATA_DIR"
    case databaseURL = "DATABASE_URL"
    case databasePool = "CARESYNC_DATABASE_POOL"
    case timeZone = "CARESYNC_TIME_ZONE"
    case tokenSecret = "CARESYNC_JWT_SECRET"
    case encryptionKeys = "CARESYNC_ENCRYPTION_KEYS"
    case rootSecret = "CARESYNC_ROOT_SECRET"
    case publicURL = "CARESYNC_PUBLIC_URL"
    case corsOrigins = "CARESYNC_CORS_ORIGINS"
    case trustedProxies = "CARESYNC_TRUSTED_PROXIES"
    case adminNetworks = "CARESYNC_ADMIN_NETWORKS"
    case mailURL = "CARESYNC_MAIL_URL"
    case mailFrom = "CARESYNC_MAIL_FROM"
    case linkLifetime = "CARESYNC_LINK_TTL"
    case emailVerification = "CARESYNC_EMAIL_VERIFICATION"
    case adminSecondFactor = "CARESYNC_ADMIN_SECOND_FACTOR"
    case emergencyNumber = "CARESYNC_EMERGENCY_NUMBER"
    case uploadLimit = "CARESYNC_UPLOAD_LIMIT"
    case deletedDocuments = "CARESYNC_DELETED_DOCUMENTS_DAYS"
    case bcryptCost = "CARESYNC_BCRYPT_COST"
    case rateLimits = "CARESYNC_RATE_LIMITS"
    case patientLimits = "CARESYNC_PATIENT_LIMITS"
    case apiDocuments = "CARESYNC_API_DOCS"
    case allowInsecure = "CARESYNC_ALLOW_INSECURE"
    case logLevel = "CARESYNC_LOG_LEVEL"

    /// A secret is never shown. It may be read from the file named by the variable with `_FILE` appended.
    package var isSecret: Bool {
        switch self {
        case .databaseURL, .mailURL, .tokenSecret, .encryptionKeys, .rootSecret: true
        default: false
        }
    }

    var fileVariable: String { rawValue + "_FILE" }

    /// One line of `caresync settings` and of the documentation: what it means, and its default.
    package var meaning: String {
        switch self {
        case .environment: "development or production (development)"
        case .host: "address to listen on (127.0.0.1)"
        case .port: "port to listen on; 0 takes a free one (8080)"
        case .dataDirectory:
            "folder of the SQLite file, documents, development keys, mails and audit checkpoints (./data)"
        case .databaseURL: "sqlite:PATH or postgres://user:password@host:port/name (caresync.sqlite in the data folder)"
        case .databasePool: "connections to PostgreSQL, 1 to 256 (16)"
        case .timeZone: "time zone of the clinic (Asia/Kolkata)"
        case .tokenSecret: "key of access tokens, 32 bytes or more, base64 (created in development)"
        case .encryptionKeys: "keys of patient data, id:base64,id:base64; the first one writes (created in development)"
        case .rootSecret: "secret the other keys are derived from, 32 bytes or more, base64 (created in development)"
        case .publicURL: "address at which users reach the server (none; required in production)"
        case .corsOrigins: "web origins that may use the API, a list (development: http://localhost:4200)"
        case .trustedProxies: "addresses of the proxies in front, a list (none)"
        case .adminNetworks:
            "networks in which administrators can still sign in when an address is blocked, a list (none)"
        case .mailURL:
            "smtp://user:password@host:587 (STARTTLS), smtps://user:password@host:465, sendgrid:KEY or off "
                + "(development: files)"
        case .mailFrom: "who mails are from, such as CareSync <no-reply@clinic.example> (required with a mail provider)"
        case .linkLifetime: "how many minutes mailed password links and links to documents work, 5 to 1440 (60)"
        case .emailVerification: "required or optional (production: required, development: optional)"
        case .adminSecondFactor:
            "required or optional second factor of administrators (production: required, development: optional)"
        case .emergencyNumber: "telephone number that answers about emergencies name (112)"
        case .uploadLimit: "how many MiB an uploaded file may have, 1 to 100 (5)"
        case .deletedDocuments: "how many days the bytes of a deleted document are kept, 0 to 3650 (30)"
        case .bcryptCost: "cost of password hashes, 10 to 15 (12)"
        case .rateLimits: "on or off; off is for development (on)"
        case .patientLimits:
            "on or off: bounds on a patient's coming appointments and holds; off is for development (on)"
        case .apiDocuments: "on or off: OpenAPI document and Swagger UI (development: on, production: off)"
        case .allowInsecure: "1 lets development listen beyond this machine, and production be reached without TLS"
        case .logLevel: "trace, debug, info, notice, warning, error or critical (info)"
        }
    }

    /// Warnings about variables that look like settings but are not: a mistyped name would otherwise be ignored
    /// silently.
    static func warnings(about names: some Sequence<String>) -> [String] {
        let known = Set(allCases.map(\.rawValue)).union(allCases.filter(\.isSecret).map(\.fileVariable))
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
