import CareSyncCore

/// The vendor's books: orders, payments and refunds, and what has happened that events tell of. Bounded: the oldest orders
/// are forgotten with all that belongs to them.
struct Ledger: Sendable {
    /// Something that an event tells, as it is at that moment.
    struct News {
        let name: String
        let entities: [(name: String, entity: VendorJSON)]
    }

    private let random: RandomSource
    private let time: TimeSource
    private let capacity: Int
    private(set) var orders: [String: StandInOrder] = [:]
    private(set) var payments: [String: StandInPayment] = [:]
    private(set) var refunds: [String: StandInRefund] = [:]
    private var sequence: [String] = []
    private var receipts: [String: String] = [:]
    private var refundKeys: [String: String] = [:]
    private(set) var news: [News] = []
    private(set) var changes: [LedgerChange] = []

    init(random: RandomSource, time: TimeSource, capacity: Int) {
        self.random = random
        self.time = time
        self.capacity = capacity
    }

    mutating func takeNews() -> [News] {
        defer { news = [] }
        return news
    }

    mutating func takeChanges() -> [LedgerChange] {
        defer { changes = [] }
        return changes
    }

    /// Oldest first.
    func orders(withReceipt receipt: String?) -> [StandInOrder] {
        sequence.compactMap { orders[$0] }.filter { receipt == nil || $0.receipt == receipt }
    }

    func order(_ id: String) throws -> StandInOrder {
        guard let order = orders[id] else { throw VendorRefusal.unknownID }
        return order
    }

    func payment(_ id: String) throws -> StandInPayment {
        guard let payment = payments[id] else { throw VendorRefusal.unknownID }
        return payment
    }

    func refund(_ id: String) throws -> StandInRefund {
        guard let refund = refunds[id] else { throw VendorRefusal.unknownID }
        return refund
    }

    mutating func makeOrder(_ request: OrderRequest) throws -> StandInOrder {
        if request.isReceiptUnique, let receipt = request.receipt,
            let known = receipts[receipt].flatMap({ orders[$0] })
        {
            guard known.amount == request.amount else {
                throw VendorRefusal("An order with this receipt and another amount exists.", field: "receipt")
            }
            return known
        }
        let order = StandInOrder(
            id: id("order"), amount: request.amount, receipt: request.receipt, notes: request.notes,
            capturesItself: request.capturesItself, createdAt: time.now.seconds)
        put(order)
        return order
    }

    mutating func pay(
        _ order: String, _ outcome: StandInOutcome, by method: StandInMethod, capturesItself: Bool
    ) throws -> StandInPayment {
        var order = try self.order(order)
        guard order.status != .paid else { throw VendorRefusal("Payment already done for this order.") }
        let payment = StandInPayment(
            id: id("pay"), order: order.id, amount: order.amount, method: method, notes: order.notes,
            createdAt: time.now.seconds, status: .failed)
        order.payments.append(payment.id)
        order.status = .attempted
        put(order)
        put(payment)
        return try resolve(payment.id, outcome, capturesItself: capturesItself, isNew: true)
    }

    /// The bank's answer, which may also come after the payment has been taken for failed.
    mutating func resolve(
        _ id: String, _ outcome: StandInOutcome, capturesItself: Bool, isNew: Bool = false
    ) throws -> StandInPayment {
        var payment = try self.payment(id)
        guard payment.status == .failed else {
            guard payment.status == .authorized, outcome == .captured else {
                throw VendorRefusal("The payment is \(payment.status.rawValue) already.")
            }
            return try capture(id, amount: payment.amount)
        }
        guard outcome != .failed else {
            if isNew { tell("payment.failed", payment) }
            return payment
        }
        guard try order(payment.order).status != .paid else {
            throw VendorRefusal("Payment already done for this order.")
        }
        payment.status = .authorized
        put(payment)
        tell("payment.authorized", payment)
        guard outcome == .captured, capturesItself, try order(payment.order).capturesItself else { return payment }
        return try capture(id, amount: payment.amount)
    }

    mutating func capture(_ id: String, amount: Int64) throws -> StandInPayment {
        var payment = try self.payment(id)
        var order = try self.order(payment.order)
        guard !payment.isCaptured else { throw VendorRefusal("This payment has already been captured") }
        guard payment.status == .authorized else {
            throw VendorRefusal("Only payments which have been authorized and not yet captured can be captured")
        }
        guard order.status != .paid else { throw VendorRefusal("Payment already done for this order.") }
        guard amount == payment.amount else {
            throw VendorRefusal("Capture amount must be equal to the amount authorized", field: "amount")
        }
        payment.status = .captured
        payment.isCaptured = true
        order.status = .paid
        put(payment)
        put(order)
        tell("payment.captured", payment)
        news.append(News(name: "order.paid", entities: [("payment", payment.wire), ("order", order.wire)]))
        return payment
    }

    mutating func refund(
        _ payment: String, _ request: RefundRequest, outcome: StandInRefundOutcome
    ) throws -> StandInRefund {
        var payment = try self.payment(payment)
        if let known = request.key.flatMap({ refundKeys[$0] }).flatMap({ refunds[$0] }) {
            guard known.request == request, known.payment == payment.id else {
                throw VendorRefusal(
                    "A different request with the same idempotency key has been made.", status: 409)
            }
            return known
        }
        guard payment.isCaptured else {
            throw VendorRefusal("The payment status should be captured for action to be taken")
        }
        let left = payment.amount - payment.amountRefunded
        guard left > 0 else { throw VendorRefusal("The payment has been fully refunded already") }
        let amount = request.amount ?? left
        guard amount <= left else {
            throw VendorRefusal("The refund amount provided is greater than amount captured", field: "amount")
        }
        let refund = StandInRefund(
            id: id("rfnd"), payment: payment.id, amount: amount, request: request, createdAt: time.now.seconds,
            status: .pending)
        payment.amountRefunded += amount
        payment.status = payment.amountRefunded == payment.amount ? .refunded : .captured
        payment.refunds.append(refund.id)
        put(payment)
        put(refund)
        tell("refund.created", refund, payment)
        return outcome == .pending ? refund : try finish(refund.id, outcome)
    }

    /// The bank has paid a refund out, or could not.
    mutating func finish(_ id: String, _ outcome: StandInRefundOutcome) throws -> StandInRefund {
        var refund = try self.refund(id)
        guard refund.status == .pending, outcome != .pending else {
            throw VendorRefusal("The refund is \(refund.status.rawValue) already.")
        }
        var payment = try self.payment(refund.payment)
        refund.status = outcome
        if outcome == .failed {
            payment.amountRefunded -= refund.amount
            payment.status = .captured
            put(payment)
        }
        put(refund)
        tell("refund.\(outcome.rawValue)", refund, payment)
        return refund
    }

    private mutating func tell(_ name: String, _ payment: StandInPayment) {
        news.append(News(name: name, entities: [("payment", payment.wire)]))
    }

    private mutating func tell(_ name: String, _ refund: StandInRefund, _ payment: StandInPayment) {
        news.append(News(name: name, entities: [("refund", refund.wire), ("payment", payment.wire)]))
    }
}

// MARK: Keeping

extension Ledger {
    private mutating func put(_ order: StandInOrder) { keep(.order(order)) }
    private mutating func put(_ payment: StandInPayment) { keep(.payment(payment)) }
    private mutating func put(_ refund: StandInRefund) { keep(.refund(refund)) }

    private mutating func keep(_ change: LedgerChange) {
        apply(change)
        changes.append(change)
    }

    /// Takes a state in, also one that was kept in a file.
    mutating func apply(_ change: LedgerChange) {
        switch change {
        case .order(let order):
            if orders.updateValue(order, forKey: order.id) == nil {
                sequence.append(order.id)
                if let receipt = order.receipt, receipts[receipt] == nil { receipts[receipt] = order.id }
            }
            if sequence.count > capacity { forget(sequence.removeFirst()) }
        case .payment(let payment): payments[payment.id] = payment
        case .refund(let refund):
            refunds[refund.id] = refund
            if let key = refund.request.key { refundKeys[key] = refund.id }
        }
    }

    /// Everything that is kept, in an order in which it can be applied.
    var all: [LedgerChange] {
        sequence.compactMap { orders[$0] }.map { .order($0) } + payments.values.map { .payment($0) }
            + refunds.values.map { .refund($0) }
    }

    private mutating func forget(_ id: String) {
        guard let order = orders.removeValue(forKey: id) else { return }
        if let receipt = order.receipt, receipts[receipt] == id { receipts[receipt] = nil }
        for payment in order.payments {
            for refund in payments.removeValue(forKey: payment)?.refunds ?? [] {
                if let key = refunds.removeValue(forKey: refund)?.request.key { refundKeys[key] = nil }
            }
        }
    }

    /// As the vendor's look: a word, and 14 letters and digits.
    private func id(_ word: String) -> String { word + "_" + Self.code(random) }

    static func code(_ random: RandomSource) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        // The few remainders that are a little more likely do no harm to a stand-in.
        return String(decoding: random.bytes(14).map { alphabet[Int($0) % alphabet.count] }, as: UTF8.self)
    }
}
