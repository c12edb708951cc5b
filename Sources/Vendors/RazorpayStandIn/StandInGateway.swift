package import CareSyncCore
package import Cryptography
import Synchronization

/// What a merchant has from the vendor.
package struct StandInKeys: Sendable {
    package let keyID: String
    package let keySecret: SecretBytes
    package let webhookSecret: SecretBytes

    package init(keyID: String, keySecret: SecretBytes, webhookSecret: SecretBytes) {
        self.keyID = keyID
        self.keySecret = keySecret
        self.webhookSecret = webhookSecret
    }

    /// How the key ids of every stand-in begin; production refuses them.
    package static let prefix = "rzp_test_StandIn"

    package static func random(_ random: RandomSource) -> StandInKeys {
        StandInKeys(
            keyID: prefix + Hex.text(random.bytes(4)), keySecret: SecretBytes(Array(Hex.text(random.bytes(16)).utf8)),
            webhookSecret: SecretBytes(Array(Hex.text(random.bytes(16)).utf8)))
    }
}

/// What a browser gets when a payment was authorised.
package struct StandInReceipt: Sendable, Equatable {
    package let order: String
    package let payment: String
    /// Of the two, as the checkout hands it to the page.
    package let signature: String
}

/// Razorpay as far as we use it, without money: it keeps orders, payments and refunds, and makes signed events. Its HTTP
/// side is ``StandInServer``; tests also use it directly.
package final class StandInGateway: Sendable {
    package let keys: StandInKeys
    private let random: RandomSource
    private let time: TimeSource
    private let state: Mutex<State>
    private let eventSecret: KeyedHash
    private let signal = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    private struct State {
        var ledger: Ledger
        var behaviour = StandInBehaviour()
        var events: [StandInEvent] = []
        var calls = 0
        var journal: @Sendable ([StandInRecord]) -> Void = { _ in }
    }

    /// Events that wait; more of them push out the oldest.
    static let eventCapacity = 50_000

    /// - Parameter capacity: orders that are kept; more of them push out the oldest.
    package init(
        keys: StandInKeys? = nil, time: TimeSource = .system, random: RandomSource = .system, capacity: Int = 20_000
    ) {
        let keys = keys ?? .random(random)
        self.keys = keys
        self.random = random
        self.time = time
        eventSecret = KeyedHash(keys.webhookSecret)
        state = Mutex(State(ledger: Ledger(random: random, time: time, capacity: capacity)))
    }

    package var behaviour: StandInBehaviour {
        get { state.withLock { $0.behaviour } }
        set { state.withLock { $0.behaviour = newValue } }
    }

    func change(_ change: BehaviourChange) -> StandInBehaviour {
        state.withLock { state in
            change.apply(to: &state.behaviour)
            return state.behaviour
        }
    }

    /// How many calls of the API have arrived.
    package var callCount: Int { state.withLock { $0.calls } }

    func nextCall() -> (calls: StandInBehaviour.Calls, takesEffect: Bool) {
        state.withLock { state in
            state.calls += 1
            return state.behaviour.next()
        }
    }

    /// Works in the books; what has happened there becomes events.
    func work<Value>(_ body: (inout Ledger, StandInBehaviour) throws -> Value) throws -> Value {
        let (value, hasNews) = try state.withLock { state in
            let value = try body(&state.ledger, state.behaviour)
            let made = state.ledger.takeNews().map { news in
                StandInEvent(news, id: Ledger.code(random), at: time.now.seconds, secret: eventSecret)
            }
            state.events += made
            if state.events.count > Self.eventCapacity {
                state.events.removeFirst(state.events.count - Self.eventCapacity)
            }
            let records = state.ledger.takeChanges().map { StandInRecord.books($0) } + made.map { .event($0) }
            if !records.isEmpty { state.journal(records) }
            return (value, !made.isEmpty)
        }
        if hasNews { signal.continuation.yield() }
        return value
    }

    /// Signs what the checkout hands to the page.
    func receipt(_ payment: StandInPayment) -> StandInReceipt {
        let code = KeyedHash(keys.keySecret).code(for: Array("\(payment.order)|\(payment.id)".utf8))
        return StandInReceipt(order: payment.order, payment: payment.id, signature: Hex.text(code))
    }
}

// MARK: What people and banks do

extension StandInGateway {
    /// The newest order with a receipt.
    package func order(receipt: String) -> String? {
        state.withLock { $0.ledger.orders(withReceipt: receipt).last?.id }
    }

    /// A person pays, without a browser. Throws ``VendorRefusal``.
    @discardableResult
    package func pay(
        _ order: String, _ outcome: StandInOutcome = .captured, by method: StandInMethod = .upi
    ) throws -> StandInReceipt {
        let payment = try work { ledger, behaviour in
            try ledger.pay(order, outcome, by: method, capturesItself: behaviour.capturesItself)
        }
        return receipt(payment)
    }

    /// The bank's late answer to a payment that is authorised or has failed. Throws ``VendorRefusal``.
    package func resolve(_ payment: String, _ outcome: StandInOutcome) throws {
        _ = try work { ledger, behaviour in
            try ledger.resolve(payment, outcome, capturesItself: behaviour.capturesItself)
        }
    }

    /// The refunds of a payment, oldest first.
    package func refunds(of payment: String) throws -> [String] {
        try work { ledger, _ in try ledger.payment(payment).refunds }
    }

    /// What becomes of a refund that is pending. Throws ``VendorRefusal``.
    package func finish(refund: String, _ outcome: StandInRefundOutcome) throws {
        _ = try work { ledger, _ in try ledger.finish(refund, outcome) }
    }

    /// The paise that were captured and not given back, over all payments.
    package var balance: Int64 {
        state.withLock { state in
            state.ledger.payments.values.reduce(0) { $0 + ($1.isCaptured ? $1.amount - $1.amountRefunded : 0) }
        }
    }
}

// MARK: Events

extension StandInGateway {
    /// The events that wait to be sent, lost, doubled or shuffled as the behaviour wants it. They wait no longer.
    package func takeEvents(atMost limit: Int = .max) -> [StandInEvent] {
        state.withLock { state in
            let taken = Array(state.events.prefix(limit))
            state.events.removeFirst(taken.count)
            switch state.behaviour.events {
            case .normal: return taken
            case .lose:
                if !taken.isEmpty { state.journal(taken.map { .done($0.id) }) }
                return []
            case .duplicate: return taken.flatMap { [$0, $0] }
            case .reorder: return shuffled(taken)
            }
        }
    }

    private func shuffled(_ events: [StandInEvent]) -> [StandInEvent] {
        events.map { ($0, random.bytes(8)) }.sorted { $0.1.lexicographicallyPrecedes($1.1) }.map(\.0)
    }

    /// Told whenever there are new events. For one reader.
    var signals: AsyncStream<Void> { signal.stream }

    func signalEvents() { signal.continuation.yield() }

    /// An event was taken by the merchant, or given up.
    func isDone(_ event: StandInEvent) {
        state.withLock { $0.journal([.done(event.id)]) }
    }

    /// Takes in what was kept.
    func restore(_ records: [StandInRecord]) {
        state.withLock { state in
            var done = Set<String>()
            for case .done(let id) in records { done.insert(id) }
            for record in records {
                switch record {
                case .books(let change): state.ledger.apply(change)
                case .event(let event) where !done.contains(event.id): state.events.append(event)
                case .event, .done: break
                }
            }
        }
        signal.continuation.yield()
    }

    /// Has `journal` called with every change from now on, in the order of the changes.
    func keep(_ journal: @escaping @Sendable ([StandInRecord]) -> Void) {
        state.withLock { $0.journal = journal }
    }

    /// Everything that ``restore(_:)`` needs.
    var records: [StandInRecord] {
        state.withLock { state in state.ledger.all.map { .books($0) } + state.events.map { .event($0) } }
    }
}

/// A line of the file that keeps the stand-in over restarts.
enum StandInRecord: Codable, Sendable {
    case books(LedgerChange)
    case event(StandInEvent)
    /// The event of this id has been sent.
    case done(String)
}

/// The new state of something in the books.
enum LedgerChange: Codable, Sendable {
    case order(StandInOrder)
    case payment(StandInPayment)
    case refund(StandInRefund)
}
