import CareSyncCore
import CareSyncServer
import CareSyncTesting
import Directory
import FeatureContract
import Persistence
import Razorpay
import Testing

@testable import Payments

/// Payments for ``FakePayable``s, below the routes.
struct Counter {
    let till: Till
    let context: PaymentContext
    var desk: PaymentDesk { PaymentDesk(context: context) }
    var settlement: Settlement { Settlement(context: context) }
    var service: PaymentService { PaymentService(context: context, desk: desk) }
    var patient: PatientID { till.patient.patientID }

    static let origin = RequestOrigin.system("test")

    init(_ till: Till) {
        let system = till.app.system
        self.till = till
        var settings = system.configuration.payments
        settings.isMailAvailable = true
        context = PaymentContext(
            database: till.app.database, zone: till.app.zone,
            vault: PatientVault(
                ring: system.configuration.keys.ring, random: till.app.random.source, logger: till.app.logs.logger),
            root: system.configuration.keys.root, gateway: settings.account.map { RazorpayClient(account: $0) },
            payables: [FakePayable()], settings: settings, logger: till.app.logs.logger)
    }

    func add(_ number: Int64, _ amount: Int64 = 50_000) async throws {
        let patient = patient
        try await context.database.write { db in try FakePayable.add(number, patient, amount, db) }
    }

    func request(_ number: Int64? = nil, _ method: PaymentMethodName = .upi) -> PaymentRequest {
        PaymentRequest(
            patientId: patient, amount: Money(minorUnits: 50_000), paymentType: .consultation, paymentMethod: method,
            appointmentId: number)
    }

    func pay(_ number: Int64?, _ method: PaymentMethodName = .upi) async throws -> Payment {
        let request = request(number, method)
        let made = try await service.pay(request, for: request.payable, origin: Self.origin, once: nil)
        guard case .fresh(let shown) = made else { throw Problem.fault }
        return shown.payment
    }

    static func paid(
        _ id: String, _ order: String, _ status: RazorpayPayment.Status = .captured, _ amount: Int64 = 50_000
    ) -> RazorpayPayment {
        RazorpayPayment(
            id: id, amount: amount, currency: "INR", status: status, captured: status == .captured, orderID: order,
            method: "upi")
    }
}

func withCounter(
    _ kind: DatabaseKind, orders: Int = 1, _ body: @escaping @Sendable (Counter) async throws -> Void
) async throws {
    let answers = (1...orders).map { Vendor.answer(Vendor.order("order_\($0)")) }
    try await withTill(kind, try ScriptedServer(answers)) { till in
        try await till.app.database.write { db in try FakePayable.makeTable(db) }
        try await body(Counter(till))
    }
}
