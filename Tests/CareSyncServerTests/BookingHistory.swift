import Synchronization

/// What clients did to the slots of one doctor on one day, and what they were told.
struct BookingHistory: Sendable {
    enum Action: Sendable, Equatable {
        case book(slot: Int)
        case cancel(appointment: Int)
        case move(appointment: Int, slot: Int)
        /// Which slots are free.
        case list
    }

    enum Outcome: Sendable, Equatable {
        /// With the id of what was booked.
        case booked(Int)
        case done
        case free(Set<Int>)
        /// The server said no, and that nothing has changed.
        case refused
        /// No answer came: it may have happened, or may still.
        case unknown
        /// A status that no such step should ever get; nothing explains it.
        case odd(Int)
    }

    struct Step: Sendable, Equatable {
        let action: Action
        let outcome: Outcome
        /// Positions on one common clock; a step without an answer never ends.
        let began: Int
        let ended: Int
    }

    let slots: Int
    var steps: [Step]
}

/// Gathers the steps of clients that run at once.
final class BookingRecorder: Sendable {
    private let state = Mutex((clock: 0, steps: [BookingHistory.Step]()))

    func tick() -> Int {
        state.withLock {
            $0.clock += 1
            return $0.clock
        }
    }

    func add(_ action: BookingHistory.Action, began: Int, _ outcome: BookingHistory.Outcome) {
        let ended = tick()
        state.withLock {
            $0.steps.append(
                BookingHistory.Step(
                    action: action, outcome: outcome, began: began, ended: outcome == .unknown ? .max : ended))
        }
    }

    func history(slots: Int) -> BookingHistory {
        BookingHistory(slots: slots, steps: state.withLock { $0.steps }.sorted { $0.began < $1.began })
    }
}

/// Decides whether a history can be explained by one order of its steps that respects time: the search of Wing and Gong
/// with Lowe's memory of what was tried. The model is a set of taken slots.
struct LinearizabilityChecker {
    private let steps: [BookingHistory.Step]
    private let slots: Int
    private var seen: Set<Node> = []

    private struct Node: Hashable {
        let done: UInt64
        let taken: [Int?]
    }

    /// At most 64 steps.
    init(_ history: BookingHistory) {
        steps = history.steps
        slots = history.slots
    }

    static func explains(_ history: BookingHistory) -> Bool {
        var checker = LinearizabilityChecker(history)
        return checker.search(done: 0, taken: Array(repeating: nil, count: history.slots))
    }

    private mutating func search(done: UInt64, taken: [Int?]) -> Bool {
        let open = steps.indices.filter { done & (1 << UInt64($0)) == 0 }
        // What has no answer need not have happened.
        if open.allSatisfy({ steps[$0].outcome == .unknown }) { return true }
        guard seen.insert(Node(done: done, taken: taken)).inserted else { return false }
        // A step may come next if no other one had ended before it began.
        let earliestEnd = open.map { steps[$0].ended }.min() ?? .max
        for index in open where steps[index].began <= earliestEnd {
            if let next = apply(index, taken), search(done: done | 1 << UInt64(index), taken: next) { return true }
        }
        return false
    }

    /// What the slots are after a step; `nil` when it could not have been answered as it was.
    private func apply(_ index: Int, _ taken: [Int?]) -> [Int?]? {
        let step = steps[index]
        var next = taken
        switch (step.action, step.outcome) {
        case (.book(let slot), .booked(let id)):
            guard taken[slot] == nil else { return nil }
            next[slot] = id
        case (.book(let slot), .unknown):
            // Nobody was told its id.
            guard taken[slot] == nil else { return nil }
            next[slot] = -index - 1
        case (.book(let slot), .refused):
            guard taken[slot] != nil else { return nil }
        case (.cancel(let id), .done), (.cancel(let id), .unknown):
            // A repeated one is answered like the first, and frees nothing that somebody else has taken meanwhile.
            if let slot = taken.firstIndex(of: id) { next[slot] = nil }
        case (.move(let id, let slot), .done), (.move(let id, let slot), .unknown):
            guard let from = taken.firstIndex(of: id), taken[slot] == nil || slot == from else { return nil }
            next[from] = nil
            next[slot] = id
        case (.move(let id, let slot), .refused):
            guard let from = taken.firstIndex(of: id) else { return next }
            guard slot != from, taken[slot] != nil else { return nil }
        case (.list, .free(let free)):
            guard free == Set(taken.indices.filter { taken[$0] == nil }) else { return nil }
        case (.list, .unknown): break
        default: return nil
        }
        return next
    }
}
