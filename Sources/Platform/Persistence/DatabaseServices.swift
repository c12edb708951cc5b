package import CareSyncCore

/// What a driver needs from the rest of the platform to run transactions, and what other parts of the platform keep with a
/// database.
package struct DatabaseServices: Sendable {
    package let time: TimeSource
    package let random: RandomSource
    package let events: EventHub
    /// Seals answers kept for `Idempotency-Key`.
    package let responseSealer: BlobSealer?
    private let parts: [ObjectIdentifier: any Sendable]

    /// - Parameter parts: values of other targets, at most one of a type, such as the audit log; see ``part(_:)``.
    package init(
        time: TimeSource = .system, random: RandomSource = .system, events: EventHub = EventHub(),
        responseSealer: BlobSealer? = nil, parts: [any Sendable] = []
    ) {
        self.time = time
        self.random = random
        self.events = events
        self.responseSealer = responseSealer
        self.parts = Dictionary(parts.map { (ObjectIdentifier(type(of: $0)), $0) }) { first, _ in first }
    }

    /// What another part of the platform keeps with the database.
    package func part<Part: Sendable>(_ type: Part.Type) -> Part? {
        parts[ObjectIdentifier(type)] as? Part
    }
}
