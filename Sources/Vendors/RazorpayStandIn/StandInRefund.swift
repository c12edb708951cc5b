/// What becomes of a refund.
package enum StandInRefundOutcome: String, Codable, Sendable, CaseIterable {
    case pending, processed, failed
}

/// A refund with everything the vendor shows of it.
struct StandInRefund: Codable, Sendable {
    let id: String
    let payment: String
    let amount: Int64
    let request: RefundRequest
    let createdAt: Int64
    var status: StandInRefundOutcome

    var wire: VendorJSON {
        var fields: [String: VendorJSON] = [
            "id": .text(id), "entity": "refund", "amount": .integer(amount), "currency": "INR",
            "payment_id": .text(payment), "notes": .notes(request.notes), "receipt": .optional(request.receipt),
            "acquirer_data": ["arn": .null], "created_at": .integer(createdAt), "batch_id": .null,
            "status": .text(status.rawValue),
        ]
        if let speed = request.speed {
            fields["speed_requested"] = .text(speed)
            fields["speed_processed"] = "normal"
        }
        return .object(fields)
    }
}

/// What a refund is made of, with the key that makes repetitions harmless.
struct RefundRequest: Codable, Sendable, Equatable {
    /// `nil` for all that is left.
    let amount: Int64?
    let speed: String?
    let notes: [String: String]
    let receipt: String?
    let key: String?

    private static let fields: Set<String> = ["amount", "speed", "notes", "receipt"]

    init(_ body: VendorJSON, key: String?) throws {
        guard case .object = body else { throw VendorRefusal.noJSON }
        let superfluous = body.names.filter { !Self.fields.contains($0) }
        guard superfluous.isEmpty else { throw VendorRefusal.superfluous(superfluous) }
        amount = try body["amount"].flatMap { $0 == .null ? nil : try Amounts.amount($0) }
        speed = body["speed"]?.asText
        guard speed.map({ ["normal", "optimum"].contains($0) }) ?? true else {
            throw VendorRefusal("The selected speed is invalid.", field: "speed")
        }
        notes = try OrderRequest.notes(body["notes"])
        receipt = body["receipt"]?.asText
        if let key {
            let isSound =
                key.utf8.count >= 10
                && key.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
            guard isSound else { throw VendorRefusal("The idempotency key is invalid.") }
        }
        self.key = key
    }
}
