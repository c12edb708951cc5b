import CareSyncCore
import Concurrency
import FeatureContract
import Logging
import Mail
import Persistence
import Razorpay

/// What becomes of a link to pay when it is opened (rules/receipts 4).
struct PayPageService: Sendable {
    let context: PaymentContext
    let desk: PaymentDesk

    private var links: PayLinks { PayLinks(context.root, linkBase: context.settings.linkBase) }

    /// How long a payer waits for the vendor to say how the payment stands.
    private static let patience = Duration.seconds(8)

    /// How long a payment that belongs to nothing may be paid by its link.
    private static let lifetime = TimeSpan.minutes(30)

    /// - Parameter hasPaid: the checkout has just said so, and the vendor is asked. Throws `NOT_FOUND` for a code that the
    ///   server has not made.
    func page(code: String, hasPaid: Bool, origin: RequestOrigin) async throws -> PayPage {
        guard let target = links.target(code) else { throw PaymentError.payableNotFound }
        var view = try await look(at: target)
        if hasPaid, let payment = view.payment, !payment.status.isPaid, payment.orderID != nil {
            await ask(about: payment, origin: origin)
            view = try await look(at: target)
            if view.state == nil, view.payment?.status.isPaid == false {
                // The checkout says that it is paid, so nobody is asked to pay again.
                return page(.processing, view)
            }
        }
        if let state = view.state { return page(state, view) }
        do {
            let payment = try await order(target, view, origin: origin)
            view = try await look(at: target)
            if let state = view.state { return page(state, view) }
            guard let account = context.settings.account, let order = payment.orderID else {
                throw PaymentError.gatewayUnavailable
            }
            return page(
                .open(
                    PayPage.Checkout(
                        keyID: account.keyID, orderID: order, amount: payment.amount, script: account.checkoutScript)),
                view)
        } catch let error as PaymentError {
            return page(Self.state(after: error), view)
        }
    }

    private static func state(after error: PaymentError) -> PayPage.State {
        switch error {
        case .active: .processing
        case .notPayable, .notOpen: .over
        default: .failed(status: error.problem.kind.status, text: error.problem.message)
        }
    }

    // MARK: Looking

    private struct View: Sendable {
        var payable: PayableState?
        var payment: Payment?
        /// `nil` when it waits for its money.
        var state: PayPage.State?
    }

    private func look(at target: PayLinks.Target) async throws -> View {
        try await context.database.read { [context] db in
            switch target {
            case .payable(let id):
                guard let payable = context.payables[id.kind], let state = try payable.find(id.number, db) else {
                    throw PaymentError.payableNotFound
                }
                let payment = try PaymentRepository(db: db).latest(of: id)
                return View(payable: state, payment: payment, state: Self.state(of: state, payment, at: db.now))
            case .payment(let id):
                guard let payment = try PaymentRepository(db: db).find(id) else { throw PaymentError.payableNotFound }
                return View(payable: nil, payment: payment, state: Self.state(of: payment, at: db.now))
            }
        }
    }

    private static func state(of payable: PayableState, _ payment: Payment?, at now: Instant) -> PayPage.State? {
        switch payable.standing {
        case .paid: return .paid
        case .over: return payment.map(goesBack) == true ? .refunded : .over
        case .due: if payment?.status == .processing { return .processing }
        }
        if let heldUntil = payable.heldUntil, heldUntil <= now { return .over }
        return nil
    }

    private static func state(of payment: Payment, at now: Instant) -> PayPage.State? {
        switch payment.status {
        case .success, .partialRefund: goesBack(payment) ? .refunded : .paid
        case .refunded: .refunded
        case .processing: .processing
        case .pending, .failed: payment.createdAt + lifetime <= now ? .over : nil
        case .cancelled: .over
        }
    }

    /// Whether money of it went back, or is on its way.
    private static func goesBack(_ payment: Payment) -> Bool {
        payment.refunded > .zero || payment.refundStatus == .pending || payment.refundStatus == .processing
    }

    private func page(_ state: PayPage.State, _ view: View) -> PayPage {
        guard let amount = view.payable?.amount ?? view.payment?.amount else {
            return PayPage(state: state, facts: nil)
        }
        return PayPage(
            state: state,
            facts: PayPage.Facts(
                title: view.payable?.title ?? "Payment \(view.payment?.transactionID ?? "")", amount: amount,
                payBefore: view.payable?.heldUntil.map(context.zone.mailText),
                terms: Self.sentences(view.payable?.terms ?? .none)))
    }

    private static func sentences(_ terms: CancellationTerms) -> [String] {
        guard !terms.steps.isEmpty else { return [] }
        return terms.steps.map { step in
            let hours = step.hoursBefore == 1 ? "1 hour" : "\(step.hoursBefore) hours"
            return "At least \(hours) before it begins, \(step.refundPercent) % of the price goes back."
        } + ["Later nothing goes back."]
    }

    // MARK: Ordering

    /// A payment with the vendor's order. The payable's rows are locked, so those who open the page together get the same.
    private func order(_ target: PayLinks.Target, _ view: View, origin: RequestOrigin) async throws -> Payment {
        let id: PaymentID
        switch target {
        case .payment(let payment): id = payment
        case .payable(let payable): id = try await reserve(payable, origin: origin)
        }
        try await desk.placeOrder(id)
        let ordered = try await context.database.read { try PaymentRepository(db: $0).find(id) }
        guard let ordered else { throw PaymentError.notFound }
        return ordered
    }

    private func reserve(_ id: PayableID, origin: RequestOrigin) async throws -> PaymentID {
        guard let payable = context.payables[id.kind] else { throw PaymentError.payableNotFound }
        return try await context.database.write { [desk] db in
            guard let state = try payable.lock(id.number, db), state.standing == .due,
                state.heldUntil.map({ $0 > db.now }) ?? true
            else { throw PaymentError.notPayable }
            // How somebody wants to pay who has begun to elsewhere stays as it is.
            if let begun = try PaymentRepository(db: db).latest(of: id), begun.status == .pending,
                begun.amount == state.amount
            {
                return begun.id
            }
            return try desk.reserve(
                PaymentOrder(
                    payable: id, patient: state.patient, type: id.kind == .appointment ? .appointment : .labTest,
                    method: .upi, amount: state.amount, description: state.title, terms: state.terms),
                origin: origin, db)
        }
    }

    // MARK: Asking

    /// What the vendor knows of the order takes effect. Without an answer the page says that it waits.
    private func ask(about payment: Payment, origin: RequestOrigin) async {
        guard let order = payment.orderID, let gateway = context.gateway else { return }
        do {
            let attempts = try await within(Self.patience) { try await gateway.payments(ofOrder: order) } ?? []
            let settlement = Settlement(context: context)
            for paid in attempts where paid.isPaid {
                _ = try await context.database.write { try settlement.captured(paid, origin: origin, $0) }
            }
            guard !attempts.contains(where: \.isPaid),
                let authorized = attempts.first(where: { $0.status == .authorized })
            else { return }
            _ = try await context.database.write { try settlement.authorized(authorized, origin: origin, $0) }
        } catch {
            context.logger.warning("pay page: not asked", metadata: ["error": "\(type(of: error))"])
        }
    }
}
