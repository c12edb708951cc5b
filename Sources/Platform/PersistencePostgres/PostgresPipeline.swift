import CPostgres
import Glibc
import Persistence
import Synchronization

/// What a test wants to know of a driver's work.
package final class PostgresCounters: Sendable {
    private let sent = Atomic<Int>(0)
    private let connected = Atomic<Int>(0)

    /// How often a worker waited for answers.
    package var roundTrips: Int { sent.load(ordering: .relaxed) }
    /// How often a connection was made.
    package var connections: Int { connected.load(ordering: .relaxed) }

    func countRoundTrip() { sent.add(1, ordering: .relaxed) }
    func countConnection() { connected.add(1, ordering: .relaxed) }
}

/// One connection, always in pipeline mode, with its prepared statements. Belongs to one thread.
///
/// A transaction's statements, and the preparation of those that are new, leave in one go; the answers are read when the
/// last of them is needed.
final class PostgresPipeline {
    private let connection: OpaquePointer
    private let statements = PostgresStatementCache(limit: 256)
    private let parameters = PostgresParameters()
    private let counters: PostgresCounters
    private var sent: [Sent] = []
    let session = ConnectionSession()
    /// What is left of the blocks of ids this connection took.
    var ids: [IDAllocator: Range<Int64>] = [:]
    /// The connection is unusable.
    private(set) var isBroken = false
    /// The connection broke because the server takes no writes; nothing was written.
    private(set) var refusesWrites = false
    /// The server follows another one, as its session began.
    private(set) var isStandby = false
    /// Whether the server must say something within ``longestSilence``; see ``Persistence/Connection/liftTimeLimit()``.
    var hasTimeLimit = true
    /// How long the server may be silent while it owes an answer: a statement may take as long as its time-out, and then
    /// the server says so. `nil` when statements have none.
    private var longestSilence: Duration?
    /// When the first answer to what comes next must be here, however long the server may be silent otherwise: nobody waits
    /// for it any longer.
    var firstAnswerBy: ContinuousClock.Instant?
    private let margin: Duration
    /// Whether the statements that are sent belong to a transaction that writes.
    private var isWriting = false

    static let begin: SQL = "BEGIN READ WRITE"

    private struct Sent {
        let statement: PostgresStatement
        let isPreparation: Bool
        /// The statement dates from an earlier round trip.
        let isOld: Bool
    }

    /// Takes over a fresh connection.
    init(_ connection: OpaquePointer, counters: PostgresCounters, margin: Duration) {
        self.connection = connection
        self.counters = counters
        self.margin = margin
        longestSilence = margin
        counters.countConnection()
        PQsetNoticeProcessor(connection, { _, _ in }, nil)  // Notices quote values; the default prints them.
        isBroken = PQsetnonblocking(connection, 1) != 0 || PQenterPipelineMode(connection) != 1
    }

    deinit { PQfinish(connection) }

    /// Whether the connection can take a job. Between jobs the server only ever says that it is closing.
    func isReady() -> Bool {
        guard !isBroken, PQstatus(connection) == CONNECTION_OK,
            PQtransactionStatus(connection) == PQTRANS_IDLE
        else { return false }
        var socket = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        return poll(&socket, 1, 0) == 0
    }

    /// Learns what holds for the session; `false` when the server does not answer.
    func inspect() -> Bool {
        let question: SQL = """
            SELECT extract(epoch FROM current_setting('statement_timeout')::interval)::float8 AS limit,
                   pg_is_in_recovery() AS is_standby
            """
        guard let answer = attempt([question], isBetweenTransactions: true, .read, isCounted: false).answers.first
        else { return false }
        do {
            try answer.eachRow { row in
                let limit: Double = try row.value("limit")
                longestSilence = limit > 0 ? .seconds(limit) + margin : nil
                isStandby = try row.value("is_standby")
            }
        } catch {
            return false
        }
        return true
    }

    /// Ends the transaction that is open. A connection that cannot do that is unusable.
    func rollBack() {
        if attempt(["ROLLBACK"], isBetweenTransactions: false, .write).failure != nil { isBroken = true }
    }

    /// Sends statements in one round trip and waits for all answers, one per statement. The first failure is thrown; the
    /// server runs nothing that follows it.
    func exchange(
        _ batch: [SQL], isBetweenTransactions: Bool, _ mode: PostgresConnection.Mode
    ) throws(DatabaseFailure) -> [PostgresRowSource] {
        let outcome = attempt(batch, isBetweenTransactions: isBetweenTransactions, mode)
        if let failure = outcome.failure { throw failure }
        return outcome.answers
    }

    /// What came of statements sent together.
    struct Outcome {
        /// One per statement, up to the one that failed.
        var answers: [PostgresRowSource] = []
        var failure: DatabaseFailure?
    }

    /// Like ``exchange(_:isBetweenTransactions:_:)``, for a caller that wants to know what was answered before a failure.
    func attempt(
        _ batch: [SQL], isBetweenTransactions: Bool, _ mode: PostgresConnection.Mode, isCounted: Bool = true
    ) -> Outcome {
        var outcome = Outcome()
        do throws(DatabaseFailure) {
            guard !isBroken else { throw .connectionLost(outcomeUnknown: false) }
            if isCounted { counters.countRoundTrip() }
            isWriting = mode == .write
            sent.removeAll(keepingCapacity: true)
            let closed = isBetweenTransactions ? sendClosings() : 0
            for sql in batch {
                guard send(sql) else { throw lost() }
            }
            guard PQpipelineSync(connection) == 1, flush() else { throw lost() }
            for _ in 0..<closed {
                guard let answer = nextAnswer() else { throw lost() }
                PQclear(answer)
                try readSync()
            }
            try receive(&outcome)
            firstAnswerBy = nil
        } catch {
            outcome.failure = error
        }
        return outcome
    }

    // MARK: Sending

    private func send(_ sql: SQL) -> Bool {
        let statement = statements.statement(for: sql)
        let isOld = statement.isPrepared
        if !statement.isSent {
            let types = statement.types
            guard PQsendPrepare(connection, statement.name, statement.rendered, Int32(types.count), types) == 1 else {
                return false
            }
            statement.isSent = true
            sent.append(Sent(statement: statement, isPreparation: true, isOld: false))
        }
        parameters.encode(sql.parameters)
        sent.append(Sent(statement: statement, isPreparation: false, isOld: isOld))
        return parameters.withPointers { count, values, lengths, formats in
            PQsendQueryPrepared(connection, statement.name, count, values, lengths, formats, 1)
        } == 1
    }

    /// Each closing has a synchronisation point of its own, so one that fails takes nothing with it.
    private func sendClosings() -> Int {
        let names = statements.takeAbandoned()
        for name in names {
            guard PQsendQueryParams(connection, "DEALLOCATE \(name)", 0, nil, nil, nil, nil, 1) == 1,
                PQpipelineSync(connection) == 1
            else {
                isBroken = true
                break
            }
        }
        return names.count
    }

    /// Sends all that libpq holds. Answers are taken in meanwhile: the server stops reading when nobody reads from it.
    private func flush() -> Bool {
        while true {
            switch PQflush(connection) {
            case 0: return true
            case 1: break
            default: return false
            }
            let events = awaitSocket(POLLIN | POLLOUT)
            guard events != 0 else { return false }
            if events & POLLIN != 0, PQconsumeInput(connection) == 0 { return false }
        }
    }

    /// Waits until the socket can do one of these things; what it can do, or 0 when the server was silent for too long.
    private func awaitSocket(_ events: Int32) -> Int32 {
        let silence = longestSilence.map { ContinuousClock.now + $0 }
        let deadline = hasTimeLimit ? [silence, firstAnswerBy].compactMap(\.self).min() : nil
        while true {
            var socket = pollfd(fd: PQsocket(connection), events: Int16(events), revents: 0)
            var milliseconds: Int32 = -1
            if let deadline {
                let left = ContinuousClock.now.duration(to: deadline).components
                let whole = left.seconds * 1_000 + left.attoseconds / 1_000_000_000_000_000
                milliseconds = Int32(clamping: max(0, whole + 1))
            }
            let count = poll(&socket, 1, milliseconds)
            if count > 0 { return Int32(socket.revents) }
            if count == 0 || errno != EINTR { return 0 }
        }
    }

    // MARK: Receiving

    private func receive(_ outcome: inout Outcome) throws(DatabaseFailure) {
        for item in sent {
            guard let answer = nextAnswer() else { throw lost() }
            switch PQresultStatus(answer) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                if item.isPreparation {
                    item.statement.isPrepared = true
                    PQclear(answer)
                } else {
                    outcome.answers.append(PostgresRowSource(answer, of: item.statement))
                }
            case PGRES_PIPELINE_ABORTED: PQclear(answer)
            default:
                defer { PQclear(answer) }
                let error = PostgresError(answer)
                if error.isFatal || PQstatus(connection) != CONNECTION_OK { throw lost() }
                outcome.failure = outcome.failure ?? meaning(of: error, item)
            }
        }
        try readSync()
        guard outcome.failure != nil else { return }
        for item in sent where item.isPreparation && !item.statement.isPrepared { statements.discard(item.statement) }
    }

    /// A statement whose plan or name the server no longer has is prepared again by the next attempt.
    private func meaning(of error: PostgresError, _ item: Sent) -> DatabaseFailure {
        switch error.code {
        // A standby says the first of its `BEGIN READ WRITE`.
        case "0A000" where item.statement.key == Self.begin.text, "25006" where isWriting:
            refusesWrites = true
            return lost()
        case "0A000" where item.isOld:
            statements.forget(item.statement)
            return .conflict(code: error.code)
        case "26000":
            statements.forgetAll()
            return .conflict(code: error.code)
        default: return error.failure
        }
    }

    /// The answer to one command, which ends with a null result.
    private func nextAnswer() -> OpaquePointer? {
        guard !isBroken, let answer = nextResult() else { return nil }
        while PQstatus(connection) == CONNECTION_OK, let extra = nextResult() { PQclear(extra) }
        return answer
    }

    private func nextResult() -> OpaquePointer? {
        while PQisBusy(connection) != 0 {
            guard awaitSocket(POLLIN) != 0, PQconsumeInput(connection) != 0 else {
                isBroken = true
                return nil
            }
        }
        return PQgetResult(connection)
    }

    private func readSync() throws(DatabaseFailure) {
        guard let answer = nextResult() else { throw lost() }
        defer { PQclear(answer) }
        guard PQresultStatus(answer) == PGRES_PIPELINE_SYNC else { throw lost() }
    }

    private func lost() -> DatabaseFailure {
        isBroken = true
        return .connectionLost(outcomeUnknown: false)
    }
}
