import CareSyncCore
import Persistence

/// A read on its way to a worker, whose statements are known before any answer.
struct PostgresFetch: Sendable {
    /// Makes the statements and what takes their answers, on the worker's thread.
    let open: @Sendable () throws -> OpenFetch
    /// The same read by itself, with everything a worker does about failures.
    let alone: PostgresJob

    struct OpenFetch {
        let statements: [SQL]
        /// Hands the result to the caller.
        let deliver: (ArraySlice<PostgresRowSource>) -> Void
    }

    init<Value: Sendable>(
        _ plan: @escaping @Sendable (Batch) throws -> () throws -> Value, since: ContinuousClock.Instant,
        _ caller: CheckedContinuation<Value, any Error>
    ) {
        open = {
            let batch = Batch()
            let answer = try plan(batch)
            for sql in batch.statements { try PostgresParameters.check(sql.parameters) }
            return OpenFetch(statements: batch.statements) { answers in
                caller.resume(
                    with: Result {
                        for (index, rows) in answers.enumerated() {
                            try batch.take(index, count: rows.count, rows: { try rows.eachRow($0) })
                        }
                        return try answer()
                    })
            }
        }
        alone = PostgresJob(since: since) { worker in
            caller.resume(
                with: worker.perform(.read, since: since) { db in
                    let batch = Batch()
                    let answer = try plan(batch)
                    try batch.run(db)
                    return answer
                })
        } refuse: {
            caller.resume(throwing: Problem.unavailable)
        }
    }
}
