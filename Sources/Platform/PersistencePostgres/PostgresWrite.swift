import CareSyncCore
import Persistence

/// A transaction on its way to a worker that may leave together with those behind it, because its body waits for no answer
/// (``Persistence/Database/send(_:)``). Each is still a transaction of its own.
struct PostgresWrite: Sendable {
    /// Runs the body and answers with what is to be sent. `nil` when the caller has been answered already: the body failed,
    /// or did nothing, or needed an answer on its way and so could not wait for others. In that last case `settle` is called
    /// first, which sends what waits: the audit rows of both follow each other in one chain.
    let open: @Sendable (PostgresWorker, PostgresPipeline, _ settle: @escaping () -> Void) -> OpenWrite?
    /// The same transaction by itself, with everything a worker does about failures.
    let alone: PostgresJob

    struct OpenWrite {
        /// From `BEGIN` to `COMMIT`.
        let statements: [SQL]
        /// Whether what follows must wait for the answer: rows such as those of the audit log build on rows that this
        /// transaction may turn out not to have written.
        let isAwaited: Bool
        /// All of it was answered: the transaction is durable, or came to nothing.
        let succeed: (ArraySlice<PostgresRowSource>) -> Void
        /// It failed, and was undone.
        let fail: (DatabaseFailure) -> Void
        /// The server never got to it.
        let repeatAlone: () -> Void
    }

    init<Value: Sendable>(
        _ body: @escaping @Sendable (any PipelinedTransaction) throws -> () throws -> Value,
        since: ContinuousClock.Instant,
        _ caller: CheckedContinuation<Value, any Error>
    ) {
        let alone = PostgresJob(since: since) { worker in
            caller.resume(with: worker.perform(.write, since: since, body))
        } refuse: {
            caller.resume(throwing: Problem.unavailable)
        }
        self.alone = alone
        open = { worker, pipeline, settle in
            let scope = worker.newScope(pipeline)
            let connection = PostgresConnection(pipeline, scope: scope, mode: .write)
            connection.beforeFirstExchange = settle
            func fail(_ error: any Error) {
                scope.rolledBack()
                let mayRepeat = connection.mayRunAgain || (error as? DatabaseFailure)?.isRetryable == true
                if mayRepeat { alone.run(worker) } else { caller.resume(throwing: error) }
            }
            do {
                let answer = try body(connection)
                try scope.finish(connection)
                guard let statements = connection.takeTransaction() else {
                    try connection.finish()
                    scope.committed()
                    caller.resume(with: connection.result(answer))
                    return nil
                }
                return OpenWrite(statements: statements, isAwaited: connection.hasConditionalRows) { answers in
                    do {
                        try connection.deliver(answers)
                    } catch {
                        scope.rolledBack()
                        caller.resume(throwing: error)
                        return
                    }
                    scope.committed()
                    caller.resume(with: connection.result(answer))
                } fail: { failure in
                    fail(failure)
                } repeatAlone: {
                    scope.rolledBack()
                    alone.run(worker)
                }
            } catch {
                connection.abandon()
                fail(error)
                return nil
            }
        }
    }
}
