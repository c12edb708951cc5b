package import CareSyncCore
package import Persistence

/// An event that can be heard durably. It is written into the outbox as it is, so it holds ids, times and states, never
/// health data or names; it says enough for its subscribers not to have to look.
package protocol DurableEvent: DomainEvent, Codable {
    /// What it is about, such as `appointment/42`; administrators see it.
    var subject: String { get }
}

extension EventHub {
    /// Hears an event durably: a row of the outbox is written in the emitting transaction, and `body` runs from it, in the
    /// transaction that also marks it as done. What `body` throws undoes that transaction, and it is tried again.
    ///
    /// - Parameters:
    ///   - name: the kind of the row; stored, so it never changes, and nobody else may have it.
    ///   - isUrgent: whether somebody is in danger while it waits: it then never waits for other work.
    package func subscribe<Event: DurableEvent>(
        to type: Event.Type, durablyAs name: String, isUrgent: Bool = false, retry: RetryPolicy = .standard,
        _ body: @escaping @Sendable (Event, any Connection) throws -> Void
    ) {
        subscribe(
            to: type,
            durably: JobHandler(
                kind: name, isUrgent: isUrgent, retry: retry,
                work: .transaction { message, db in
                    try body(try OutboxPayload.read(message.payload), db)
                }))
    }

    /// Like ``subscribe(to:durablyAs:isUrgent:retry:_:)``, but many events come in one transaction, in their order. Only for
    /// work that locks nothing others wait for, such as enqueueing mails.
    package func subscribe<Event: DurableEvent>(
        to type: Event.Type, inBatchesAs name: String, retry: RetryPolicy = .standard,
        _ body: @escaping @Sendable ([Event], any Connection) throws -> Void
    ) {
        subscribe(
            to: type,
            durably: JobHandler(
                kind: name, isUrgent: false, retry: retry,
                work: .batch { messages, db in
                    try body(try messages.map { try OutboxPayload.read($0.payload) }, db)
                }))
    }

    /// How the outbox runs the durable subscribers so far.
    package var durableHandlers: [JobHandler] { kept(JobHandler.self) }

    private func subscribe<Event: DurableEvent>(to type: Event.Type, durably handler: JobHandler) {
        keep(handler)
        subscribe(to: type) { event, db in
            // Each time it is emitted is news of its own.
            let number = Hex.text(db.scope.services.random.bytes(8))
            try db.enqueue(
                OutboxRow(
                    kind: handler.kind, key: "\(event.subject) \(number)", payload: try OutboxPayload.text(event)))
        }
    }
}
