import CareSyncCore
import Directory
import FeatureContract
import Outbox
import Persistence
import WebAPI

/// What the feature shows to the rest of the program.
struct DiaryFeature: Feature {
    static let migrations = DiaryMigrations.all
    let endpoints: [Endpoint]
    let jobs: [JobHandler]

    /// `copy` stands for any effect outside the database, such as a mail. It may happen twice when a worker dies
    /// between the effect and the note of it, so it is idempotent by the job's key.
    init(
        database: any Database, vault: PatientVault, copy: @escaping @Sendable (_ subject: String) async throws -> Void
    ) {
        let diaries = DiaryService(database: database, vault: vault)
        endpoints = DiaryEndpoints(diaries: diaries).all
        jobs = [
            .effect(DiaryCopy.self) { job, _ in
                try await copy(job.key)
                return .done()
            },
            // SQL in the transaction that also marks the job as done: exactly once.
            .transaction(DiaryReminder.self) { job, db in
                try DiaryRepository(db: db).noteReminder(of: job.entry, at: db.now)
            },
        ]
    }
}

/// A higher feature that counts what patients write, and lets nobody write more than it can count.
struct DiaryCounts: Feature {
    static let migrations = [
        Migration("tests/diary-counts") { d in
            [
                """
                CREATE TABLE diary_counts (
                    patient_id \(d.integer) PRIMARY KEY REFERENCES patients,
                    entries \(d.integer) NOT NULL CONSTRAINT diary_counts_limit CHECK (entries BETWEEN 1 AND \(limit))
                )\(d.strict)
                """
            ]
        }
    ]

    private static let limit: SQL = "3"

    /// Its subscriber runs in the transaction that wrote the entry; what it throws undoes the entry.
    func subscribe(to events: EventHub) {
        events.subscribe(to: DiaryEntryWritten.self) { event, db in
            do {
                try db.run(
                    """
                    INSERT INTO diary_counts (patient_id, entries) VALUES (\(event.patient), 1)
                    ON CONFLICT (patient_id) DO UPDATE SET entries = diary_counts.entries + 1
                    """)
            } catch DatabaseFailure.constraint(.check, name: "diary_counts_limit") {
                throw DiaryError.diaryFull
            }
        }
    }
}
