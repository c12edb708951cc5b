import CareSyncCore

extension Database {
    /// A transaction whose answer is kept under the request's key, in that same transaction: a repetition, also after a
    /// crash or in parallel, gets the stored bytes and changes nothing. Without a key it is a plain ``write(_:)``.
    ///
    /// Expected failures with a deterministic 4xx are kept too, without the effects of `body`.
    /// A parallel first use waits up to 5 s, then fails with `REQUEST_IN_PROGRESS`.
    package func write<Value: Sendable>(
        idempotency request: Idempotency<Value>?, _ body: @escaping @Sendable (any Connection) throws -> Value
    ) async throws -> Replayable<Value> {
        guard let request else { return .fresh(try await write(body)) }
        let outcome = try await write { db in
            try request.permit(db)
            return try IdempotentRun(db: db, request: request).run(body)
        }
        switch outcome {
        case .answered(let answer): return .stored(answer)
        case .failed(let answer): throw StoredFailure(answer: answer)
        }
    }
}

extension Database {
    /// The answer that an earlier request with the key got; `nil` when there is none yet. For requests whose effect is more
    /// than one transaction: they look first, and keep their answer with ``write(idempotency:_:)`` at their end.
    ///
    /// Throws ``StoredFailure`` for a kept failure, and `IDEMPOTENCY_KEY_REUSED` when that was another request.
    package func earlierAnswer<Value: Sendable>(to request: Idempotency<Value>) async throws -> Replayable<Value>? {
        let outcome = try await read { db in try IdempotentRun(db: db, request: request).keptAnswer() }
        switch outcome {
        case .answered(let answer): return .stored(answer)
        case .failed(let answer): throw StoredFailure(answer: answer)
        case nil: return nil
        }
    }
}

/// One attempt at a request with a key, inside its transaction.
private struct IdempotentRun<Value: Sendable> {
    let db: any Connection
    let request: Idempotency<Value>

    enum Outcome: Sendable {
        case answered(StoredResponse)
        case failed(StoredResponse)
    }

    /// How long an answer is kept.
    private static var lifetime: TimeSpan { .hours(48) }

    func run(_ body: (any Connection) throws -> Value) throws -> Outcome {
        if try !reserve() {
            if let earlier = try earlierAnswer() { return earlier }
            guard try reserve() else { throw IdempotencyError.inProgress }
        }
        do {
            let answer = try request.encode(try db.savepoint { try body(db) })
            try store(answer)
            return .answered(answer)
        } catch {
            guard let problem = Self.deterministicProblem(error) else { throw error }
            let answer = try request.encodeFailure(problem)
            try store(answer)
            return .failed(answer)
        }
    }

    /// What an earlier request has left, without changing anything.
    func keptAnswer() throws -> Outcome? {
        guard let row = try row(), row.createdAt + Self.lifetime > db.now else { return nil }
        return try answer(of: row)
    }

    private func reserve() throws -> Bool {
        do {
            return try db.run(
                """
                INSERT INTO idempotency_keys (principal_id, route, key, body_hash, created_at)
                VALUES (\(request.principal), \(request.route), \(request.key), \(request.bodyHash),
                        \(db.now))
                ON CONFLICT DO NOTHING
                """) == 1
        } catch DatabaseFailure.lockTimeout {
            throw IdempotencyError.inProgress
        }
    }

    /// The stored answer; `nil` after clearing away one that has expired.
    private func earlierAnswer() throws -> Outcome? {
        guard let row = try row() else { return nil }
        if row.createdAt + Self.lifetime <= db.now {
            try db.run("DELETE FROM idempotency_keys \(ofKey)")
            return nil
        }
        guard let answer = try answer(of: row) else { throw IdempotencyError.inProgress }
        return answer
    }

    private func row() throws -> KeyRow? {
        try db.first("SELECT body_hash, status, answer, created_at FROM idempotency_keys \(ofKey)")
    }

    /// `nil` while there is none.
    private func answer(of row: KeyRow) throws -> Outcome? {
        guard row.bodyHash == request.bodyHash else { throw IdempotencyError.keyReused }
        guard let status = row.status, let sealed = row.answer else { return nil }
        let answer = StoredResponse(status: status, body: try sealer().open(sealed, context))
        return status < 400 ? .answered(answer) : .failed(answer)
    }

    private func store(_ answer: StoredResponse) throws {
        let sealed = try sealer().seal(answer.body, context)
        try db.run("UPDATE idempotency_keys SET status = \(answer.status), answer = \(sealed) \(ofKey)")
    }

    private var ofKey: SQL {
        "WHERE principal_id = \(request.principal) AND route = \(request.route) AND key = \(request.key)"
    }

    private var context: [UInt8] {
        Array("idempotency|\(request.principal)|\(request.route)|\(request.key)".utf8)
    }

    private func sealer() throws -> BlobSealer {
        guard let sealer = db.scope.services.responseSealer else { throw DatabaseFailure.unavailable }
        return sealer
    }

    /// The failure to keep, if the same request would fail the same way again.
    private static func deterministicProblem(_ error: any Error) -> Problem? {
        let problem = (error as? any FailureCatalogue)?.problem ?? error as? Problem
        switch problem?.kind {
        case .badRequest, .forbidden, .notFound, .conflict, .preconditionFailed, .unprocessable:
            return error is IdempotencyError ? nil : problem
        default: return nil
        }
    }

    private struct KeyRow: RowDecodable {
        let bodyHash: [UInt8]
        let status: Int?
        let answer: [UInt8]?
        let createdAt: Instant

        init(row: Row) throws {
            bodyHash = try row.value("body_hash")
            status = try row.value("status")
            answer = try row.value("answer")
            createdAt = try row.value("created_at")
        }
    }
}
