import CareSyncCore
import Concurrency
import Logging
import Persistence

extension RevocationKind {
    static let patientKey = RevocationKind("patient-key")
}

/// Picks up keys destroyed by other nodes.
struct PatientKeyRevocations: Sendable {
    private let database: any Database
    private let cache: PatientKeyCache
    private let logger: Logger
    private let reader = RevocationReader(.patientKey)

    init(database: any Database, cache: PatientKeyCache, logger: Logger) {
        self.database = database
        self.cache = cache
        self.logger = logger
    }

    /// Until it is cancelled.
    func run() async {
        await PeriodicTask("poll of revoked patient keys", every: .milliseconds(500), logger: logger, poll).run()
    }

    func poll() async throws {
        let news = try await reader.news(in: database)
        if !news.isComplete { cache.forgetAll() }
        cache.forget(news.subjects.map { PatientID($0) })
    }
}
