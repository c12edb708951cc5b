import NIOCore

/// A body that comes piece by piece. Until somebody asks for it the connection reads ``readAhead`` and no more; what nobody
/// asked for is thrown away.
package final class ArrivingBody: @unchecked Sendable {
    // Safe: touched only on the event loop of its connection, where the task of the request runs as well.
    private enum Demand {
        case none
        case all(limit: Int, CheckedContinuation<ByteBuffer, any Error>)
        case next(CheckedContinuation<ByteBuffer?, any Error>)
        /// Nobody will ask again.
        case over
    }

    private var demand = Demand.none
    private var bytes = ByteBuffer()
    private var end: Result<Void, any Error>?
    private let budget: BodyBudget
    /// Its part of the budget, from its first byte on.
    private var share: BodyBudget.Share?
    private let network: String
    private let loop: any EventLoop
    /// Called when somebody begins to wait.
    private let onDemand: () -> Void

    /// How much is read before somebody asks for it.
    static let readAhead = 64 << 10

    init(
        _ first: ByteBuffer, from network: String, budget: BodyBudget, loop: any EventLoop,
        onDemand: @escaping () -> Void
    ) {
        self.budget = budget
        self.network = network
        self.loop = loop
        self.onDemand = onDemand
        append(first)
    }

    deinit {
        if let share { budget.leave(share) }
    }

    /// Whether not all of it can be had any more.
    var isBroken: Bool {
        if case .failure = end { true } else { false }
    }

    /// Whether more should be read from the socket.
    var isHungry: Bool {
        switch demand {
        case .none: bytes.readableBytes < Self.readAhead
        case .all, .next, .over: true
        }
    }

    func collect(upTo limit: Int) async throws -> ByteBuffer {
        guard case .none = demand else { return ByteBuffer() }
        return try await withCheckedThrowingContinuation { caller in wait(.all(limit: limit, caller)) }
    }

    func next() async throws -> ByteBuffer? {
        guard case .none = demand else { return nil }
        return try await withCheckedThrowingContinuation { caller in wait(.next(caller)) }
    }

    private func wait(_ wish: Demand) {
        demand = wish
        settle()
        switch demand {
        case .all, .next: onDemand()
        case .none, .over: break
        }
    }

    func append(_ part: ByteBuffer) {
        if case .over = demand { return }
        guard end == nil, part.readableBytes > 0 else { return }
        guard budget.take(part.readableBytes, for: ownShare()) else { return breakOff() }
        bytes.writeImmutableBuffer(part)
        settle()
    }

    private func ownShare() -> BodyBudget.Share {
        if let share { return share }
        let share = budget.join(from: network) { [weak self, loop] in
            loop.execute { [weak self] in self?.breakOff() }
        }
        self.share = share
        return share
    }

    /// Makes room for others. What has come is dropped at once, whenever somebody asks for it.
    private func breakOff() {
        guard end == nil else { return }
        bytes = ByteBuffer()
        if let share { budget.give(share) }
        finish(.failure(BodyBudget.Exhausted()))
    }

    func finish(_ outcome: Result<Void, any Error>) {
        guard end == nil else { return }
        end = outcome
        if case .success = outcome, let share { budget.isWhole(share) }
        settle()
    }

    private func settle() {
        switch demand {
        case .all(let limit, let caller):
            if bytes.readableBytes > limit {
                demand = .over
                _ = release()
                caller.resume(throwing: NIOTooManyBytesError(maxBytes: limit))
            } else if let end {
                demand = .over
                let all = release()
                caller.resume(with: end.map { all })
            }
        case .next(let caller):
            if case .failure(let error) = end {
                demand = .over
                _ = release()
                caller.resume(throwing: error)
            } else if bytes.readableBytes > 0 {
                demand = .none
                caller.resume(returning: release())
            } else if end != nil {
                demand = .over
                caller.resume(returning: nil)
            }
        case .none, .over: break
        }
    }

    /// Hands over what is held; it no longer counts.
    private func release() -> ByteBuffer {
        if let share { budget.give(share) }
        defer { bytes = ByteBuffer() }
        return bytes
    }
}
