import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Cryptography
import Directory
import FeatureContract
import Foundation
import HTTPTypes
import Persistence
import Razorpay
import RazorpayStandIn
import Synchronization
import Testing

@testable import Payments

/// A slot that a test holds.
private final class HeldSlot: Payable {
    static let kind = PayableKind.appointment
    private struct State {
        var standing = PayableState.Standing.due
        var heldUntil: Instant?
    }

    private let patient: PatientID
    private let state: Mutex<State>

    init(of patient: PatientID, until heldUntil: Instant) {
        self.patient = patient
        state = Mutex(State(heldUntil: heldUntil))
    }

    func end() { state.withLock { $0.standing = .over } }

    func find(_ number: Int64, _ db: any Connection) throws -> PayableState? {
        guard number == 7 else { return nil }
        return state.withLock {
            PayableState(
                patient: patient, amount: Money(minorUnits: 50_000), standing: $0.standing, heldUntil: $0.heldUntil,
                terms: .standard, title: "Consultation with Dr. Meera Iyer")
        }
    }

    func lock(_ number: Int64, _ db: any Connection) throws -> PayableState? { try find(number, db) }

    func settle(_ number: Int64, origin: RequestOrigin, _ db: any Connection) throws -> Bool {
        state.withLock {
            guard $0.standing == .due else { return false }
            $0 = State(standing: .paid, heldUntil: nil)
            return true
        }
    }

    func refunded(_ number: Int64, _ db: any Connection) throws {}
    func unpaid(of patient: PatientID, amount: Money, since: Instant, _ db: any Connection) throws -> Int64? { nil }
    func isVisible(_ number: Int64, to doctor: DoctorID, _ db: any Connection) throws -> Bool { false }
}

/// The page of one held slot.
private struct SlotPage: Sendable {
    let app: TestApp
    let slot: HeldSlot
    let service: PayPageService
    let code: String

    init(_ app: TestApp, account: RazorpayAccount?) async throws {
        let patient = try await app.registerPatient().patientID
        let configuration = app.system.configuration
        self.app = app
        slot = HeldSlot(of: patient, until: app.time.now + .minutes(10))
        var settings = configuration.payments
        settings.account = account
        let context = PaymentContext(
            database: app.database, zone: app.zone,
            vault: PatientVault(
                ring: configuration.keys.ring, random: app.database.services.random, logger: app.logs.logger),
            root: configuration.keys.root, gateway: account.map { RazorpayClient(account: $0) }, payables: [slot],
            settings: settings, logger: app.logs.logger)
        service = PayPageService(context: context, desk: PaymentDesk(context: context))
        code = PayLinks(configuration.keys.root, linkBase: "").code(.payable(PayableID(.appointment, 7)))
    }

    func open(paid: Bool = false) async throws -> PayPage {
        try await service.page(code: code, hasPaid: paid, origin: .system("test"))
    }

    func order() async throws -> String {
        guard case .open(let checkout) = try await open().state else { throw Problem.fault }
        return checkout.orderID
    }

    func payments() async throws -> [Payment] {
        try await app.database.read { try $0.all("SELECT \(Payment.columns) FROM payments y ORDER BY y.id") }
    }
}

@Suite("Paying by a link")
struct PayPageFlowTests {
    @Test("a slot is paid on its page, and shown as confirmed without a webhook", arguments: DatabaseKind.available)
    func pays(_ kind: DatabaseKind) async throws {
        try await withRazorpay(kind) { app, gateway in
            let page = try await SlotPage(app, account: app.system.configuration.payments.account)
            let shown = try await page.open()
            guard case .open(let checkout) = shown.state else {
                Issue.record("\(shown.state)")
                return
            }
            #expect(checkout.amount == Money(minorUnits: 50_000))
            #expect(shown.html.contains("Consultation with Dr. Meera Iyer") && shown.html.contains("INR 500.00"))
            #expect(shown.html.contains("At least 24 hours before it begins, 100 % of the price goes back."))
            #expect(!shown.html.contains("Asha") && !shown.html.contains("Verma"), "the patient's name")
            _ = try gateway.pay(checkout.orderID)
            let paid = try await page.open(paid: true)
            guard case .paid = paid.state else {
                Issue.record("\(paid.state)")
                return
            }
            #expect(paid.status == 200)
            #expect(try await page.payments().map(\.status) == [.success])
            guard case .paid = try await page.open().state else {
                Issue.record("it is paid for everybody")
                return
            }
        }
    }

    @Test("whoever opens the page how often, there is one payment with one order", arguments: DatabaseKind.available)
    func once(_ kind: DatabaseKind) async throws {
        try await withRazorpay(kind) { app, _ in
            let page = try await SlotPage(app, account: app.system.configuration.payments.account)
            let orders = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<10 { group.addTask { try await page.order() } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(orders.count == 1)
            #expect(try await page.payments().count == 1)
        }
    }

    @Test("after the hold the page says so, and makes no order")
    func afterTheHold() async throws {
        try await withRazorpay { app, _ in
            let page = try await SlotPage(app, account: app.system.configuration.payments.account)
            app.time.advance(by: .minutes(10))
            let over = try await page.open()
            #expect(over.status == 410)
            #expect(over.html.contains("This can no longer be paid"))
            #expect(!over.html.contains("<script"))
            #expect(try await page.payments().isEmpty)
        }
    }

    @Test("what the browser says is not believed: without money the page waits")
    func unpaid() async throws {
        try await withRazorpay { app, _ in
            let page = try await SlotPage(app, account: app.system.configuration.payments.account)
            _ = try await page.order()
            let waiting = try await page.open(paid: true)
            guard case .processing = waiting.state else {
                Issue.record("\(waiting.state)")
                return
            }
            #expect(waiting.html.contains("http-equiv=\"refresh\""))
            #expect(try await page.payments().map(\.status) == [.pending])
        }
    }

    @Test("money for a slot that has ended goes back, and the page says so")
    func late() async throws {
        try await withRazorpay { app, gateway in
            let page = try await SlotPage(app, account: app.system.configuration.payments.account)
            let order = try await page.order()
            page.slot.end()
            _ = try gateway.pay(order)
            let late = try await page.open(paid: true)
            #expect(late.html.contains("goes back") || late.html.contains("no longer be paid"), "\(late.html)")
            #expect(!late.html.contains("<script"))
        }
    }

    @Test("without a payment service the page says so")
    func noVendor() async throws {
        try await withApp { app in
            let page = try await SlotPage(app, account: nil)
            let failed = try await page.open()
            #expect(failed.status == 424)
            #expect(failed.html.contains("This clinic does not take payments online."))
        }
    }

    @Test("a payment of the app is paid by its link, numbered, and has a receipt", arguments: DatabaseKind.available)
    func routes(_ kind: DatabaseKind) async throws {
        try await withRazorpay(kind) { app, gateway in
            let patient = try await app.registerPatient()
            let begun = try await app.send(
                .post, "/api/payments/initiate", as: patient,
                body: #"{"amount":250.50,"paymentType":"OTHER","paymentMethod":"UPI","patientId":\#(patient.id)}"#)
            let transaction = try #require(begun["transactionId"].string, "\(begun.text)")
            let number = try #require(begun["id"].int)
            let links = PayLinks(app.system.configuration.keys.root, linkBase: "")
            let path = "/public/pay/\(links.code(.payment(PaymentID(Int64(number)))))"
            let page = try await app.get(path)
            let order = try #require(begun["razorpayOrderId"].string)
            #expect(page.status == 200)
            #expect(page.text.contains("data-order=\"\(order)\""), "\(page.text)")
            #expect(page.header("Content-Security-Policy")?.contains("frame-src http://127.0.0.1:") == true)
            _ = try gateway.pay(order)
            let paid = try await app.get(path + "?paid=1")
            #expect(paid.text.contains("Paid"), "\(paid.text)")
            let receipt = try await app.get("/api/payments/\(transaction)/receipt.pdf", as: patient)
            #expect(receipt.status == 200)
            let text = try PrintedText.of(receipt.bytes)
            #expect(text.contains("Receipt CS-000001") && text.contains("250.50"))
        }
    }
}
