package import CareSyncCore
package import CareSyncMetrics
package import Cryptography
package import Directory
package import FeatureContract
package import Logging
package import Mail
package import Outbox
package import PDF
package import Persistence
import Razorpay
package import Settings
package import WebAPI

/// Money: payments through Razorpay, refunds, reconciliation and receipts. What is paid for is known as ``Payable`` only.
package struct PaymentsFeature: Feature {
    package static let migrations = PaymentSchema.migrations
    package static let settings: [Setting] = [
        .razorpayKeyID, .razorpayKeySecret, .razorpayWebhookSecret, .razorpayPreviousWebhookSecret, .razorpayBaseURL,
        .upiID,
    ]
    package static let sealedColumns = [
        SealedColumn("payments", "description"), SealedColumn("payments", "upi_id"),
        SealedColumn("refunds", "note"),
    ]
    package let endpoints: [Endpoint]
    package let jobs: [JobHandler]
    package let mails: [MailKind]
    package let workers: [Worker]
    private let policy: RefundPolicy
    /// For features that have something to be paid.
    package let desk: PaymentDesk

    package init(
        database: any Database, zone: ClinicZone, vault: PatientVault, rootSecret: RootSecret,
        settings: PaymentSettings, payables: [any Payable], pdf: PDFRenderer, metrics: MetricsRegistry, logger: Logger
    ) {
        let context = PaymentContext(
            database: database, zone: zone, vault: vault, root: rootSecret,
            gateway: settings.account.map { RazorpayClient(account: $0, random: database.services.random) },
            payables: payables, settings: settings, logger: logger)
        let desk = PaymentDesk(context: context)
        let settlement = Settlement(context: context)
        let listing = PaymentListing(context: context)
        let refunds = Refunds(context: context)
        let papers = PaymentPapers(context: context, desk: desk, renderer: pdf)
        let board = BalanceBoard()
        BalanceMetrics.add(board, to: metrics)
        self.desk = desk
        policy = RefundPolicy(context: context)
        endpoints =
            PaymentEndpoints(
                context: context, payments: PaymentService(context: context, desk: desk),
                verification: PaymentVerification(listing: listing, settlement: settlement), listing: listing
            ).all
            + WebhookEndpoints(
                webhook: WebhookService(settlement: settlement, refunded: refunds.heard)
            ).all
            + RefundEndpoints(context: context, refunds: RefundService(context: context)).all
            + ReconciliationEndpoints(reconciliation: ReconciliationService(context: context)).all
            + papers.endpoints
        jobs = [CaptureCalls(settlement: settlement).handler, RefundCaller(context: context).handler]
        mails = PaymentMails.kinds + RefundMail.kinds + papers.mails
        workers = [
            Worker("payment linking", run: LinkingWorker(desk: desk).run),
            Worker("payment reconciliation", run: ReconciliationWorker(context: context, board: board).run),
            papers.worker,
        ]
    }

    package func subscribe(to events: EventHub) {
        events.subscribe(to: PayableEnded.self, policy.ended)
    }
}
