import CareSyncCore
import PDF
import WebAPI

/// The receipt of a payment, as a file.
struct ReceiptEndpoints: Sendable {
    let receipts: ReceiptService
    let renderer: PDFRenderer

    var all: [Endpoint] {
        [
            .get(
                "/api/payments/{transactionId}/receipt.pdf", "The receipt of a payment, to be printed",
                "Patients, their own; administrators. It says what went back, too.",
                access: .roles([.patient, .admin]), fails: [PaymentError.notFound], [ReceiptError.notPaid],
                [PDFError.unavailable, .tooLarge], settings: .expensive, use: receipt)
        ]
    }

    func receipt(_ request: EndpointRequest<TransactionPath, NoBody>) async throws -> FileResponse {
        let receipt = try await receipts.receipt(
            of: request.parameters.transactionId, for: try request.principal, origin: request.origin)
        let file = try await renderer.file(of: receipt.document(at: receipts.now))
        return FileResponse(
            bytes: file.bytes, contentType: "application/pdf",
            downloadName: "receipt-\(ReceiptNumber.text(receipt.number)).pdf")
    }
}
