package import Foundation

extension RazorpayEvent {
    /// `nil` when the body is no event. An entity that is not understood is left out, so that a new field of the vendor's
    /// never makes an event unreadable.
    package init?(body: Data) {
        guard let envelope = try? JSONDecoder().decode(Envelope.self, from: body) else { return nil }  // No event.
        name = envelope.event
        order = envelope.payload?.order
        payment = envelope.payload?.payment
        refund = envelope.payload?.refund
        guard isStorable else { return nil }
    }

    /// No database keeps U+0000 in a text.
    private var isStorable: Bool {
        let texts = [
            name, order?.id, order?.receipt, payment?.id, payment?.orderID, payment?.method, payment?.card?.last4,
            payment?.card?.network, payment?.vpa, payment?.errorDescription, refund?.id, refund?.paymentID,
        ]
        return texts.allSatisfy { $0?.unicodeScalars.contains("\0") != true }
    }

    private struct Envelope: Decodable {
        let event: String
        let payload: Payload?
    }

    private struct Payload: Decodable {
        let order: RazorpayOrder?
        let payment: RazorpayPayment?
        let refund: RazorpayRefund?

        enum CodingKeys: String, CodingKey { case order, payment, refund }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            order = (try? container.decode(Wrapped<RazorpayOrder>.self, forKey: .order))?.entity  // Left out.
            payment = (try? container.decode(Wrapped<RazorpayPayment>.self, forKey: .payment))?.entity  // Left out.
            refund = (try? container.decode(Wrapped<RazorpayRefund>.self, forKey: .refund))?.entity  // Left out.
        }
    }

    private struct Wrapped<Entity: Decodable>: Decodable {
        let entity: Entity
    }
}
