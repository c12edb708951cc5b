package import Mail
package import Outbox
package import Persistence
package import Settings
package import WebAPI

/// A part of the product with tables, routes or work of its own. `CareSyncServer` concatenates what features bring, and adds
/// nothing to them afterwards.
package protocol Feature: Sendable {
    /// The tables. Their place among those of other features is for the schema's ledger to say.
    static var migrations: [Migration] { get }
    /// The environment variables that it reads.
    static var settings: [Setting] { get }
    /// Every column of these tables that is sealed with patients' keys.
    static var sealedColumns: [SealedColumn] { get }

    var endpoints: [Endpoint] { get }
    /// What carries out the timers and effects that the feature enqueues.
    var jobs: [JobHandler] { get }
    /// The mails the feature sends.
    var mails: [MailKind] { get }
    /// How long its rows are kept.
    var retention: [RetentionRule] { get }
    /// What goes on for as long as the program runs.
    var workers: [Worker] { get }

    /// Listens to what lower features emit, and to the feature's own news. Called once, before the first transaction.
    func subscribe(to events: EventHub)
}

extension Feature {
    package static var migrations: [Migration] { [] }
    package static var settings: [Setting] { [] }
    package static var sealedColumns: [SealedColumn] { [] }
    package var endpoints: [Endpoint] { [] }
    package var jobs: [JobHandler] { [] }
    package var mails: [MailKind] { [] }
    package var retention: [RetentionRule] { [] }
    package var workers: [Worker] { [] }
    package func subscribe(to events: EventHub) {}
}

/// Work that goes on until its task is cancelled.
package struct Worker: Sendable {
    package let name: String
    package let run: @Sendable () async throws -> Void

    package init(_ name: String, run: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.run = run
    }
}
