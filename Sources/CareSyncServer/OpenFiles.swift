import Foundation

/// How many files this process may have open.
enum OpenFiles {
    /// What the database, the log and files being read need beside connections.
    private static let reserved = 512

    /// Raises the limit as far as possible; returns how many connections fit under it.
    static func connections() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return reserved }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return max(64, Int(min(limit.rlim_cur, 1 << 20)) - reserved)
    }
}
