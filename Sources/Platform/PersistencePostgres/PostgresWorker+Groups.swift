import Persistence

// What waits anyway travels together: a message to the server and a change of threads cost more than a short statement.
extension PostgresWorker {
    /// Reads that travel together; the answer to the first waits for the last.
    static let mostFetches = 16
    /// Transactions that travel together. Fewer, because each waits for the disk.
    static let mostWrites = 4

    /// Sends the statements of all of them in one round trip. If any fails, each is tried by itself.
    func fetch(_ fetches: [PostgresFetch]) {
        guard !shared.isClosing, let pipeline, pipeline.isReady() else { return runAlone(fetches.map(\.alone)) }
        pipeline.firstAnswerBy = end(of: fetches.map(\.alone))
        do {
            let opened = try fetches.map { try $0.open() }
            let answers = try pipeline.exchange(
                opened.flatMap(\.statements), isBetweenTransactions: true, .read)
            var start = 0
            for fetch in opened {
                let end = start + fetch.statements.count
                fetch.deliver(answers[start..<end])
                start = end
            }
        } catch {
            runAlone(fetches.map(\.alone))
        }
    }

    func run(_ work: [PostgresWork]) {
        guard work.count > 1, !shared.isClosing, let pipeline, !pipeline.isStandby, pipeline.isReady() else {
            return runAlone(work.map(\.alone))
        }
        pipeline.firstAnswerBy = end(of: work.map(\.alone))
        var waiting: [PostgresWrite.OpenWrite] = []
        let settle = {
            let writes = waiting
            waiting = []
            self.send(writes, pipeline)
        }
        for case .write(let write) in work {
            guard let opened = write.open(self, pipeline, settle) else { continue }
            waiting.append(opened)
            if opened.isAwaited { settle() }
        }
        settle()
    }

    /// Sends transactions one behind the other in one round trip. The server runs none behind one that fails.
    private func send(_ writes: [PostgresWrite.OpenWrite], _ pipeline: PostgresPipeline) {
        guard !writes.isEmpty else { return }
        guard !pipeline.isBroken, pipeline === self.pipeline else {
            // A body among them found the connection broken, and nothing of these was sent.
            for write in writes { write.repeatAlone() }
            return
        }
        let outcome = pipeline.attempt(writes.flatMap(\.statements), isBetweenTransactions: true, .write)
        var start = 0
        for (index, write) in writes.enumerated() {
            let end = start + write.statements.count
            guard end > outcome.answers.count else {
                write.succeed(outcome.answers[start..<end])
                start = end
                continue
            }
            let rest = writes[(index + 1)...]
            guard !pipeline.refusesWrites else {
                for refused in [write] + rest { refused.repeatAlone() }
                return
            }
            guard !pipeline.isBroken else {
                // Whether the server got to them before it left is not known.
                for lost in [write] + rest { lost.fail(.connectionLost(outcomeUnknown: true)) }
                return
            }
            pipeline.rollBack()
            write.fail(outcome.failure ?? .other(code: "no answer"))
            for left in rest { left.repeatAlone() }
            return
        }
    }

    /// When the time of the first of their callers is over.
    private func end(of jobs: [PostgresJob]) -> ContinuousClock.Instant? {
        jobs.map(\.since).min().map { $0 + shared.deadline }
    }

    private func runAlone(_ jobs: [PostgresJob]) {
        for job in jobs { shared.isClosing ? job.refuse() : job.run(self) }
    }
}
