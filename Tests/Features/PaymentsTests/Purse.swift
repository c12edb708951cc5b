import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Cryptography
import Directory
import FeatureContract
import Foundation
import Logging
import Outbox
import Persistence
import Synchronization
import Testing

@testable import Payments
@testable import Razorpay

/// Things to be paid for that only a test knows.
final class CountedPayable: Payable {
    static let kind = PayableKind.appointment

    private struct State {
        var settles = true
        var refunded: [Int64] = []
    }

    private let state = Mutex(State())
    private let patient: PatientID

    init(of patient: PatientID) {
        self.patient = patient
    }

    /// Whether it takes money.
    func takesMoney(_ settles: Bool) { state.withLock { $0.settles = settles } }
    /// Those whose money went back, in order.
    var refunded: [Int64] { state.withLock { $0.refunded } }

    func find(_ number: Int64, _ db: any Connection) throws -> PayableState? {
        PayableState(
            patient: patient, amount: Money(minorUnits: 50_000), standing: .due, heldUntil: nil, terms: .standard,
            title: "Consultation")
    }

    func lock(_ number: Int64, _ db: any Connection) throws -> PayableState? { try find(number, db) }
    func settle(_ number: Int64, origin: RequestOrigin, _ db: any Connection) throws -> Bool {
        state.withLock { $0.settles }
    }
    func refunded(_ number: Int64, _ db: any Connection) throws {
        db.scope.afterCommit { self.state.withLock { $0.refunded.append(number) } }
    }
    func unpaid(of patient: PatientID, amount: Money, since: Instant, _ db: any Connection) throws -> Int64? { nil }
    func isVisible(_ number: Int64, to doctor: DoctorID, _ db: any Connection) throws -> Bool { false }
}

/// Payments of one patient, on a database of their own.
struct Purse {
    let app: TestApp
    let patient: TestUser
    let payable: CountedPayable
    let context: PaymentContext

    var database: any Database { app.database }
    static let origin = RequestOrigin.system("test")

    /// A payment whose money has come.
    struct Paid: Sendable {
        let id: PaymentID
        let transaction: String
        let gatewayPayment: String
    }

    /// - Parameter state: of its capture; `nil` for a payment without one.
    func plant(
        _ rupees: Int64 = 500, status: PaymentStatus = .success, capture state: Capture.State? = .confirmed,
        payable: Int64? = nil, type: PaymentType = .appointment, order: String? = nil, manual: Bool = false,
        agedBy age: TimeSpan = .seconds(0)
    ) async throws -> Paid {
        let at = app.time.now - age
        let patient = patient.patientID
        return try await database.write { [context] db in
            let id = PaymentID(try db.nextID(PaymentSchema.ids))
            let field = PaymentContext.descriptionField(id)
            let sealed = try context.vault.seal("test", of: patient, at: field, db)
            let transaction = "TXN_1773109800000_\(String(format: "%08X", Int(id.rawValue)))"
            let gatewayPayment = (manual ? Capture.manualPrefix : "pay_") + "Test\(id)"
            try db.run(
                """
                INSERT INTO payments (id, transaction_id, patient_id, type, method, amount, status, description,
                    payable_kind, payable_number, terms, order_id, created_at, updated_at, completed_at)
                VALUES (\(id), \(transaction), \(patient), \(type), 'UPI', \(rupees * 100), \(status), \(sealed),
                    \(payable.map { _ in PayableKind.appointment }), \(payable),
                    \(CancellationTerms.standard.stored), \(order ?? "order_Test\(id)"), \(at), \(at),
                    \(status.isPaid ? at : nil))
                """)
            if let state {
                try db.run(
                    """
                    INSERT INTO payment_captures (gateway_payment_id, payment_id, amount, state, captured_at)
                    VALUES (\(gatewayPayment), \(id), \(rupees * 100), \(state), \(at))
                    """)
            }
            return Paid(id: id, transaction: transaction, gatewayPayment: gatewayPayment)
        }
    }

    /// Requests a refund as a reason of the clinic's own would.
    func request(_ rupees: Int64, of paid: Paid, key: String = "refund-key-1") async throws -> Int64 {
        let id = try await database.write { [context] db in
            _ = try PaymentLock(context: context, db: db).lock(paid.id)
            let captures = try RefundRepository(db: db).captures(of: paid.id)
            guard let capture = captures.first else { throw Problem.fault }
            return try RefundDesk(db: db).request(
                Money(minorUnits: rupees * 100), of: capture, payment: paid.id, key: key, reason: "ADMIN", by: nil)
        }
        return try #require(id)
    }

    @discardableResult
    func tell(_ id: String, _ rupees: Int64, of paid: Paid, _ status: RazorpayRefund.Status) async throws
        -> Refunds.Outcome
    {
        let refund = RazorpayRefund(
            id: id, amount: rupees * 100, currency: "INR", paymentID: paid.gatewayPayment, status: status)
        return try await database.write { [context] db in
            try Refunds(context: context).told(refund, origin: Self.origin, db)
        }
    }

    func payment(_ paid: Paid) async throws -> Payment {
        try #require(try await database.read { try PaymentRepository(db: $0).find(paid.id) })
    }

    func refunds(of paid: Paid) async throws -> [Refund] {
        try await database.read { try RefundRepository(db: $0).list(of: paid.id) }
    }

    func balance() async throws -> Balance { try await database.read { try Balance.find($0) } }

    func review() async throws -> [ReviewItem] { try await database.read { try ReviewList(db: $0).find() } }

    /// Carries out the calls that are due, with a program that has just started.
    func callVendor() async throws {
        let workers = try OutboxWorkers(
            database: database, handlers: [RefundCaller(context: context).handler], logger: app.logs.logger)
        try await workers.runDue()
    }
}

/// What the vendor answers.
enum VendorAnswers {
    static func json(_ body: String, status: Int = 200) -> ScriptedServer.Answer {
        .send(text(body, status: status, type: "application/json"))
    }

    static func refund(_ id: String, _ rupees: Int64, of payment: String, _ status: String) -> ScriptedServer.Answer {
        json(refundBody(id, rupees, of: payment, status))
    }

    static func refundBody(_ id: String, _ rupees: Int64, of payment: String, _ status: String) -> String {
        """
        {"id":"\(id)","entity":"refund","amount":\(rupees * 100),"currency":"INR","payment_id":"\(payment)",\
        "notes":[],"receipt":null,"status":"\(status)","created_at":1773109800}
        """
    }

    static func refusal(_ text: String, status: Int = 400) -> ScriptedServer.Answer {
        json(#"{"error":{"code":"BAD_REQUEST_ERROR","description":"\#(text)"}}"#, status: status)
    }

    static func list(_ items: String...) -> ScriptedServer.Answer {
        json(#"{"entity":"collection","count":\#(items.count),"items":[\#(items.joined(separator: ","))]}"#)
    }

    static let html = ScriptedServer.Answer.send(text("<html>Down</html>", status: 200, type: "text/html"))

    private static func text(_ body: String, status: Int, type: String) -> String {
        "HTTP/1.1 \(status) OK\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

/// - Parameter vendor: where the vendor is; `nil` for none.
func withPurse(
    _ kind: DatabaseKind = .sqlite, vendor: String? = nil, _ body: @escaping @Sendable (Purse) async throws -> Void
) async throws {
    let account = vendor.map {
        RazorpayAccount(
            keyID: "rzp_test_key", keySecret: SecretBytes(Array("secret".utf8)),
            webhookSecrets: [SecretBytes(Array("hook".utf8))], baseURL: $0 + "/v1", checkoutScript: "")
    }
    try await withPurse(kind, account: account, body)
}

func withPurse(
    _ kind: DatabaseKind = .sqlite, account: RazorpayAccount?,
    _ body: @escaping @Sendable (Purse) async throws -> Void
) async throws {
    try await withApp(kind) { app in
        let patient = try await app.registerPatient()
        let payable = CountedPayable(of: patient.patientID)
        let keys = app.system.configuration.keys
        let vault = PatientVault(ring: keys.ring, random: app.random.source, logger: app.logs.logger)
        let context = PaymentContext(
            database: app.database, zone: app.zone, vault: vault, root: keys.root,
            gateway: account.map { RazorpayClient(account: $0) }, payables: [payable],
            settings: PaymentSettings(linkBase: "http://127.0.0.1"), logger: app.logs.logger)
        try await body(Purse(app: app, patient: patient, payable: payable, context: context))
    }
}
