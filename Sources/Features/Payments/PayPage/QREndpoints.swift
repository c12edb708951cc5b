import AuditTrail
import CareSyncCore
import Persistence
import QRImages
import WebAPI

/// The QR code of a payment that waits for its money, as a picture.
struct QREndpoints: Sendable {
    let context: PaymentContext

    private static let scale = 8

    var all: [Endpoint] {
        let text =
            "Patients, their own; administrators. It says what an app for UPI needs, or where the payment can be made; "
            + "409 once it waits for no money."
        return [
            .get(
                "/api/payments/{transactionId}/qr.png", "The QR code of a payment, as PNG", text,
                access: .roles([.patient, .admin]), fails: [PaymentError.notFound, .notOpen],
                settings: .expensive, use: png),
            .get(
                "/api/payments/{transactionId}/qr.svg", "The QR code of a payment, as SVG", text,
                access: .roles([.patient, .admin]), fails: [PaymentError.notFound, .notOpen],
                settings: .expensive, use: svg),
        ]
    }

    func png(_ request: EndpointRequest<TransactionPath, NoBody>) async throws -> FileResponse {
        FileResponse(bytes: try await image(request).png(scale: Self.scale), contentType: "image/png")
    }

    func svg(_ request: EndpointRequest<TransactionPath, NoBody>) async throws -> FileResponse {
        FileResponse(bytes: Array(try await image(request).svg.utf8), contentType: "image/svg+xml")
    }

    private func image(_ request: EndpointRequest<TransactionPath, NoBody>) async throws -> QRImage {
        let (caller, transaction) = (try request.principal, request.parameters.transactionId)
        let text = try await context.database.readAudited { [context, origin = request.origin] db in
            let payment = try PaymentAccess.find(transaction, for: caller, db)
            guard let text = PaymentLinks(context: context).qrText(of: payment) else { throw PaymentError.notOpen }
            return (text, PaymentAccess.lines(.readPHI, payment, by: caller, origin))
        }
        return try QRImage(text)
    }
}
