package import CareSyncCore
import Synchronization

/// Who subscribes to which event. Filled during composition.
package final class EventHub: Sendable {
    private struct Subscribers {
        var transactional: [ObjectIdentifier: [@Sendable (any DomainEvent, any Connection) throws -> Void]] = [:]
        var live: [ObjectIdentifier: [@Sendable (any DomainEvent) -> Void]] = [:]
        var kept: [any Sendable] = []
    }

    private let subscribers = Mutex(Subscribers())

    package init() {}

    /// Runs inside the emitting transaction and may write its own feature's tables only; what it throws undoes everything.
    package func subscribe<Event: DomainEvent>(
        to type: Event.Type, _ body: @escaping @Sendable (Event, any Connection) throws -> Void
    ) {
        subscribers.withLock {
            $0.transactional[ObjectIdentifier(type), default: []].append { event, db in
                if let event = event as? Event { try body(event, db) }
            }
        }
    }

    /// Runs after the commit, on the driver's thread: it hands the event to a queue of its own and returns.
    package func observe<Event: DomainEvent>(_ type: Event.Type, _ body: @escaping @Sendable (Event) -> Void) {
        subscribers.withLock {
            $0.live[ObjectIdentifier(type), default: []].append { event in
                if let event = event as? Event { body(event) }
            }
        }
    }

    /// Keeps what another part of the platform needs for its subscribers, such as how the outbox runs durable ones.
    package func keep(_ value: some Sendable) {
        subscribers.withLock { $0.kept.append(value) }
    }

    /// What was kept of a type, in its order.
    package func kept<Value: Sendable>(_ type: Value.Type) -> [Value] {
        subscribers.withLock { $0.kept.compactMap { $0 as? Value } }
    }

    /// Drops all subscribers, before an application is composed again on the same database.
    package func removeAll() {
        subscribers.withLock { $0 = Subscribers() }
    }

    fileprivate func deliver<Event: DomainEvent>(_ event: Event, db: any Connection) throws {
        let key = ObjectIdentifier(Event.self)
        let (transactional, live) = subscribers.withLock { ($0.transactional[key] ?? [], $0.live[key] ?? []) }
        for subscriber in transactional { try subscriber(event, db) }
        guard !live.isEmpty else { return }
        db.scope.afterCommit {
            for observer in live { observer(event) }
        }
    }
}

extension Connection {
    /// Tells higher features, in this transaction and live after its commit. There is no way to publish outside one.
    package func emit(_ event: some DomainEvent) throws {
        try scope.services.events.deliver(event, db: self)
    }
}
