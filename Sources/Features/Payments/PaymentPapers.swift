import FeatureContract
import Mail
import PDF
import WebAPI

/// What payments leave on paper and on pages: receipts, figures, QR codes and the page to pay on.
struct PaymentPapers: Sendable {
    let numbering: ReceiptNumbering
    let endpoints: [Endpoint]
    let mails: [MailKind]

    init(context: PaymentContext, desk: PaymentDesk, renderer: PDFRenderer) {
        numbering = ReceiptNumbering(
            database: context.database, isMailAvailable: context.settings.isMailAvailable, logger: context.logger)
        endpoints =
            ReceiptEndpoints(
                receipts: ReceiptService(context: context, numbering: numbering), renderer: renderer
            ).all
            + StatisticsEndpoints(statistics: StatisticsService(database: context.database)).all
            + QREndpoints(context: context).all
            + PayPageEndpoints(pages: PayPageService(context: context, desk: desk)).all
        mails = [ReceiptMail.kind(linkBase: context.settings.linkBase)]
    }

    var worker: Worker { Worker("receipts", run: numbering.run) }
}
