import CPostgres

/// Where the database is and how sessions with it are set up.
struct PostgresTarget: Sendable {
    private let url: String
    private let options: String
    /// `host:port/name`, for messages; no password.
    let place: String

    /// Reads run without a transaction of their own and may not write; a write begins with `READ WRITE`.
    private static let settings = [
        "timezone=UTC", "datestyle=ISO", "lock_timeout=5s", "statement_timeout=8s",
        "idle_in_transaction_session_timeout=60s", "default_transaction_read_only=on",
        "default_transaction_isolation=read\\ committed", "jit=off",
    ]

    /// Throws when the text is not a PostgreSQL URL.
    init(url: String) throws {
        guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else {
            throw PostgresStartFailure(description: "A PostgreSQL URL starts with postgres:// or postgresql://.")
        }
        guard let parsed = PQconninfoParse(url, nil) else {
            throw PostgresStartFailure(
                description: "The PostgreSQL URL cannot be read; special characters in its parts need %-encoding.")
        }
        defer { PQconninfoFree(parsed) }
        var given: [String: String] = [:]
        var option = parsed
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { given[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        self.url = url
        place = "\(given["host"] ?? "localhost"):\(given["port"] ?? "5432")/\(given["dbname"] ?? given["user"] ?? "")"
        // The later of two equal settings wins, so a URL may change any of them.
        options = (Self.settings.map { "-c \($0)" } + [given["options"] ?? ""]).joined(separator: " ")
    }

    /// Connects and waits for it; `nil` in `connection` never happens without a reason beside it.
    func connect() -> (connection: OpaquePointer?, failure: String?) {
        let settings: [(String, String)] = [
            ("dbname", url), ("options", options), ("client_encoding", "UTF8"),
            ("fallback_application_name", "caresync"), ("connect_timeout", "3"), ("keepalives_idle", "15"),
            ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "30000"),
        ]
        let connection = withCStrings(settings.map(\.0)) { keywords in
            withCStrings(settings.map(\.1)) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let connection else { return (nil, "out of memory") }
        if PQstatus(connection) == CONNECTION_OK { return (connection, nil) }
        let message = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
        PQfinish(connection)
        return (nil, message.isEmpty ? "no reason given" : String(message.split(separator: "\n")[0]))
    }

    /// A null-terminated list of C strings, valid while `body` runs.
    private func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let bytes = strings.flatMap { Array($0.utf8CString) }
        return bytes.withUnsafeBufferPointer { buffer in
            var pointers: [UnsafePointer<CChar>?] = []
            var start = buffer.baseAddress
            for string in strings {
                pointers.append(start)
                start = start?.advanced(by: string.utf8.count + 1)
            }
            return body(pointers + [nil])
        }
    }
}
