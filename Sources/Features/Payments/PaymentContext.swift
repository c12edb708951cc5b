import CareSyncCore
import Concurrency
import Cryptography
import Directory
import FeatureContract
import Logging
import Persistence
import Razorpay

/// What the services of this feature share.
struct PaymentContext: Sendable {
    let database: any Database
    let zone: ClinicZone
    let vault: PatientVault
    let root: RootSecret
    /// `nil` in production without an account at the vendor: then nothing can be paid here.
    let gateway: RazorpayClient?
    let payables: [PayableKind: any Payable]
    let settings: PaymentSettings
    let logger: Logger
    /// At most one order of a payment is being made by this process.
    let ordering = KeyedGate<PaymentID>()

    init(
        database: any Database, zone: ClinicZone, vault: PatientVault, root: RootSecret, gateway: RazorpayClient?,
        payables: [any Payable], settings: PaymentSettings, logger: Logger
    ) {
        self.database = database
        self.zone = zone
        self.vault = vault
        self.root = root
        self.gateway = gateway
        self.payables = Dictionary(payables.map { (type(of: $0).kind, $0) }) { first, _ in first }
        self.settings = settings
        self.logger = logger
    }

    /// Throws `NOT_FOUND` when no feature has things of this kind.
    func payable(_ id: PayableID) throws -> any Payable {
        guard let payable = payables[id.kind] else { throw PaymentError.payableNotFound }
        return payable
    }

    static func descriptionField(_ id: PaymentID) -> FieldContext {
        FieldContext(table: "payments", column: "description", row: id.rawValue)
    }

    static func upiField(_ id: PaymentID) -> FieldContext {
        FieldContext(table: "payments", column: "upi_id", row: id.rawValue)
    }
}
