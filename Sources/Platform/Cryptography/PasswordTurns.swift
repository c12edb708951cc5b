import CareSyncCore
import Synchronization

/// Whose turn a password check or hash takes.
package struct PasswordTurn: Sendable {
    /// Who asks, as far as address quotas can tell.
    let network: String
    /// Whether it is for an existing account, which goes before anything else.
    let isSignIn: Bool

    /// A check that signs somebody in, or that somebody with an account asks for.
    package static func signIn(from address: String) -> PasswordTurn {
        PasswordTurn(network: IPAddress.network(of: address), isSignIn: true)
    }

    /// A hash for a visitor who has no account yet.
    package static func registration(from address: String) -> PasswordTurn {
        PasswordTurn(network: IPAddress.network(of: address), isSignIn: false)
    }

    /// The server's own: the command line, demo data.
    package static let system = PasswordTurn(network: "", isSignIn: true)
}

/// What waits for a turn. Sign-ins go first, and one of each network after another, so that heavy users wait only
/// behind their own requests. Every eighth turn goes to the others, who otherwise might wait forever.
struct TurnQueue<Item> {
    private struct Line {
        /// Networks that have something waiting, the next one first.
        var networks: [String] = []
        var items: [String: [Item]] = [:]
        var count = 0

        mutating func add(_ item: Item, _ network: String) {
            if items[network] == nil { networks.append(network) }
            items[network, default: []].append(item)
            count += 1
        }

        mutating func next() -> Item? {
            guard !networks.isEmpty else { return nil }
            let network = networks.removeFirst()
            guard var waiting = items.removeValue(forKey: network), !waiting.isEmpty else { return nil }
            let item = waiting.removeFirst()
            count -= 1
            if !waiting.isEmpty {
                items[network] = waiting
                networks.append(network)
            }
            return item
        }

        mutating func remove(_ network: String, where isMeant: (Item) -> Bool) -> Item? {
            guard var waiting = items[network], let index = waiting.lastIndex(where: isMeant) else { return nil }
            let item = waiting.remove(at: index)
            count -= 1
            items[network] = waiting.isEmpty ? nil : waiting
            if waiting.isEmpty { networks.removeAll { $0 == network } }
            return item
        }

        func waiting(_ network: String) -> Int { items[network]?.count ?? 0 }

        /// The network that has most, and how much.
        var longest: (network: String, count: Int)? {
            items.max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }.map { ($0.key, $0.value.count) }
        }
    }

    private static var turnsOfSignIns: Int { 7 }

    private let limit: Int
    private var signIns = Line()
    private var others = Line()
    private var turnsInRow = 0

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { signIns.count + others.count }

    /// Adds an item. When the queue is full, what is refused is the last of the network that has most, of those that are
    /// no sign-ins first; the new item itself unless its network has less.
    mutating func add(_ item: Item, _ turn: PasswordTurn) -> Item? {
        var refused: Item?
        if count >= limit {
            guard let victim = displaced(by: turn) else { return item }
            refused =
                victim.isSignIn
                ? signIns.remove(victim.network) { _ in true } : others.remove(victim.network) { _ in true }
        }
        if turn.isSignIn { signIns.add(item, turn.network) } else { others.add(item, turn.network) }
        return refused
    }

    mutating func next() -> Item? {
        if turnsInRow < Self.turnsOfSignIns || others.count == 0, let item = signIns.next() {
            turnsInRow = others.count == 0 ? 0 : turnsInRow + 1
            return item
        }
        turnsInRow = 0
        return others.next() ?? signIns.next()
    }

    mutating func remove(_ turn: PasswordTurn, where isMeant: (Item) -> Bool) -> Item? {
        turn.isSignIn ? signIns.remove(turn.network, where: isMeant) : others.remove(turn.network, where: isMeant)
    }

    private func displaced(by turn: PasswordTurn) -> PasswordTurn? {
        if turn.isSignIn, let longest = others.longest {
            return PasswordTurn(network: longest.network, isSignIn: false)
        }
        let line = turn.isSignIn ? signIns : others
        guard let longest = line.longest, longest.count > line.waiting(turn.network) + 1 else { return nil }
        return PasswordTurn(network: longest.network, isSignIn: turn.isSignIn)
    }
}

/// Lets as many at a time work on passwords as there are threads for it; the others wait in a bounded ``TurnQueue``.
final class PasswordTurns: Sendable {
    private struct Waiter {
        let id: UInt64
        let caller: CheckedContinuation<Void, any Error>
    }

    private enum Entry {
        case entered
        case waiting
        case cancelled
        /// The caller itself, or one that it has displaced.
        case refused(Waiter)
    }

    private struct State {
        var inside = 0
        var lastID: UInt64 = 0
        var queue: TurnQueue<Waiter>
    }

    private let width: Int
    private let patience: Duration
    private let refusal: @Sendable () -> any Error
    private let state: Mutex<State>

    /// - Parameter patience: how long a caller waits; one whose turn has not come by then is refused as unavailable.
    init(
        width: Int, limit: Int, patience: Duration = .seconds(10), refusal: @escaping @Sendable () -> any Error
    ) {
        self.width = width
        self.patience = patience
        self.refusal = refusal
        state = Mutex(State(queue: TurnQueue(limit: limit)))
    }

    /// How many wait.
    var waiting: Int { state.withLock { $0.queue.count } }

    /// Runs the body when it is its turn. A caller that is cancelled while it waits leaves at once, and nobody waits for
    /// ever: the client has given up by then, and would only make others wait.
    func run<Value: Sendable>(
        _ turn: PasswordTurn, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        try await enter(turn)
        defer { leave() }
        return try await body()
    }

    private func enter(_ turn: PasswordTurn) async throws {
        let id = state.withLock { state -> UInt64 in
            state.lastID += 1
            return state.lastID
        }
        var timer: Task<Void, any Error>?
        defer { timer?.cancel() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { caller in
                let entry = state.withLock { state -> Entry in
                    // The cancellation is noted before its handler looks for the waiter, which waits for this lock.
                    if Task.isCancelled { return .cancelled }
                    guard state.inside >= width else {
                        state.inside += 1
                        return .entered
                    }
                    return state.queue.add(Waiter(id: id, caller: caller), turn).map(Entry.refused) ?? .waiting
                }
                switch entry {
                case .entered: caller.resume()
                case .waiting:
                    timer = Task {
                        try await Task.sleep(for: patience)
                        remove(id, turn)?.caller.resume(throwing: Problem.unavailable)
                    }
                case .cancelled: caller.resume(throwing: CancellationError())
                case .refused(let waiter): waiter.caller.resume(throwing: refusal())
                }
            }
        } onCancel: {
            remove(id, turn)?.caller.resume(throwing: CancellationError())
        }
    }

    private func remove(_ id: UInt64, _ turn: PasswordTurn) -> Waiter? {
        state.withLock { $0.queue.remove(turn) { $0.id == id } }
    }

    private func leave() {
        let next = state.withLock { state -> Waiter? in
            let next = state.queue.next()
            if next == nil { state.inside -= 1 }
            return next
        }
        next?.caller.resume()
    }
}
